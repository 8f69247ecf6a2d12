package io.github.resdensenet.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.compare.Predictions.Answer;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.run.History.EpochMetrics;
import io.github.resdensenet.run.Recipe;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Checks the report's text for made-up predictions of 300 test images per seed. */
class VerdictTest {
    private static final int IMAGES = 300;

    /** A row with the given number of correct predictions per seed. */
    private static Row row(String title, String recipe, int... correct) {
        List<Predictions> predictions = IntStream.of(correct)
                .mapToObj(count -> new Predictions(IntStream.range(0, IMAGES)
                        .mapToObj(i -> new Answer("p" + i, "a", i < count ? "a" : "<b>", 0.5))
                        .toList()))
                .toList();
        EpochMetrics epoch = new EpochMetrics(1, 0.5, 1, Subset.VAL, 0.5, 1, 1e-3, 1e-3, 1, 100);
        Recipe settings = Recipe.defaults();
        return new Row(
                title,
                recipe,
                settings,
                new Row.Size(1_000, 2_000, 4_000, Traits.of(settings.model())),
                new Row.Speed("fused fp32", 100, 2, 300),
                IntStream.range(0, correct.length)
                        .mapToObj(seed -> title + recipe + seed)
                        .toList(),
                List.of("a", "<b>"),
                predictions,
                predictions.stream().map(Predictions::accuracy).toList(),
                IntStream.range(0, correct.length).mapToObj(s -> List.of(epoch)).toList());
    }

    private static String verdict(Row... rows) {
        return verdict(0, rows);
    }

    private static String verdict(double margin, Row... rows) {
        return String.join("\n", Verdict.of(List.of(rows), Pair.of(List.of(rows), margin), margin));
    }

    @Test
    void supportsClaimOnlyIfEveryComparisonDoes() {
        Row both = row("ResDenseNet", "common", 270, 272, 271);
        Row worse = row("ResDenseNet add", "common", 240, 243, 240);
        assertThat(verdict(both, worse))
                .contains(
                        "ResDenseNet is more accurate than ResDenseNet add (+10.0 percentage points, 95% interval over"
                                + " seeds +9.2 to +10.8).")
                .contains("under the same recipe: 1 in total, 1 more accurate, 0 less accurate, 0 inconclusive.")
                .contains("the results support the claim.");
        Row same = row("DenseNet121", "common", 271, 270, 272);
        assertThat(verdict(both, worse, same))
                .contains("Compared with the other architectures under the common recipe, ResDenseNet is not"
                        + " significantly different from DenseNet121 (0.0 percentage points")
                .contains("under the same recipe: 2 in total, 1 more accurate, 0 less accurate, 1 inconclusive.")
                .contains("the results partly support the claim.");
    }

    @Test
    void contradictsClaimIfAnotherModelIsBetter() {
        Row both = row("ResDenseNet", "common", 240, 243, 240);
        Row better = row("ResDenseNet none", "common", 270, 272, 271);
        String text = verdict(better, both);
        assertThat(text)
                .contains("ResDenseNet is less accurate than ResDenseNet none (-10.0 percentage points, ")
                .contains("the results contradict the claim.")
                .doesNotContain("support the claim");
    }

    @Test
    void isInconclusiveUnlessBothTestsAreSignificant() {
        Row both = row("ResDenseNet", "common", 250, 270, 260);
        assertThat(verdict(both, row("DenseNet121", "common", 252, 266, 261)))
                .contains("not significantly different from DenseNet121")
                .contains("the results are inconclusive.");
        // A large difference for one of three seeds: McNemar's test is significant, the t-test over the seeds is not.
        assertThat(verdict(both, row("DenseNet121", "common", 250, 270, 160)))
                .contains("different in only one of the two tests (McNemar's, paired t-test) from DenseNet121");
        assertThat(verdict(row("ResDenseNet", "common", 270), row("DenseNet121", "common", 200)))
                .contains("different in only one of the two tests", "no interval and no t-test with one seed");
        assertThat(verdict(row("DenseNet121", "common", 270))).contains("Inconclusive: no other model was compared");
    }

    @Test
    void findsModelsEquivalentWithinMargin() {
        Row both = row("ResDenseNet", "common", 270, 272, 271, 270);
        Row same = row("DenseNet121", "common", 271, 272, 270, 270);
        assertThat(verdict(0.01, both, same))
                .contains("ResDenseNet is equivalent within 1 percentage points to DenseNet121 (0.0 percentage points")
                .contains("1 in total, 0 more accurate, 0 less accurate, 1 equivalent, 0 inconclusive.")
                .contains("the models are equivalent.");
        assertThat(verdict(0.001, both, same)).contains("not significantly different from DenseNet121");
        assertThat(verdict(0.01, row("ResDenseNet", "common", 270), row("DenseNet121", "common", 270)))
                .contains("not significantly different");
    }

    /** The larger one of scipy 1.17's ttest_1samp(d, -margin, alternative="greater") and ttest_1samp(d, margin, "less"). */
    @Test
    void equivalenceEqualsTwoOneSidedTTests() {
        List<Double> differences = List.of(0.004, -0.002, 0.001, 0.003, -0.001);
        assertThat(Equivalence.p(differences, 0.005)).isCloseTo(0.012355689728252317, within(1e-12));
        assertThat(Equivalence.p(differences, 0.002)).isCloseTo(0.21498668974427465, within(1e-12));
        assertThat(Equivalence.p(List.of(0.001, 0.001), 0.005)).isZero();
        assertThat(Equivalence.p(List.of(0.006, 0.006), 0.005)).isEqualTo(1);
        assertThat(Equivalence.p(differences, 0)).isNaN();
        assertThat(Equivalence.p(List.of(0.001), 0.005)).isNaN();
    }

    @Test
    void reportsEffectOfRecipe() {
        assertThat(verdict(row("DenseNet121", "own", 240, 243, 240), row("DenseNet121", "common", 270, 272, 271)))
                .contains("Effect of the recipe on DenseNet121, own minus common: the common recipe is better (-10.0"
                        + " percentage points");
    }

    @Test
    void pairsDifferInEitherModelOrRecipe() {
        List<Row> rows = List.of(
                row("ResDenseNet", "own", 250, 251),
                row("DenseNet121", "own", 260, 262),
                row("ResDenseNet", "common", 255, 253),
                row("DenseNet121", "common", 260, 266));
        assertThat(Pair.of(rows, 0).stream()
                        .map(pair -> pair.first().name() + " " + pair.second().name()))
                .containsExactly(
                        "ResDenseNet (own) DenseNet121 (own)",
                        "ResDenseNet (own) ResDenseNet (common)",
                        "DenseNet121 (own) DenseNet121 (common)",
                        "ResDenseNet (common) DenseNet121 (common)");
    }

    @Test
    void documentHasEveryPropertyOfArticlesTableAndEscapesNames() {
        Findings findings = new Findings(
                Map.of("--data", "<script>"),
                List.of(row("ResDenseNet", "own", 250, 251), row("ResDenseNet", "common", 250, 260)),
                "2 threads",
                0.005);
        Document document = findings.document();
        String html = document.html(findings.curves().svg());
        assertThat(html)
                .contains("core idea: shortcuts", "parameters", "feature reuse", "gradient path", "activation order")
                .contains("augmentation", "learning rate", "regularisation")
                .contains("flip 0.5, jitter 0.2/0.2/0.1", "cosine 0.001 to 0.000001, 10 epochs")
                .contains("label smoothing 0.1, weight decay 0.0001")
                .contains("Classes: a, &lt;b&gt;.", "--data &lt;script&gt;")
                .doesNotContain("<script>", "<b>");
        assertThat(document.markdown("curves.svg")).doesNotContain("<b>").contains("| --- | --- |");
        assertThat(findings.csv())
                .hasSize(3)
                .allMatch(line -> line.size() == findings.csv().get(0).size());
    }
}
