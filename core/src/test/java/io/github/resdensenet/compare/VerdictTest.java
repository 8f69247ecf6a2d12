package io.github.resdensenet.compare;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.compare.Predictions.Answer;
import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.nn.Traits;
import io.github.resdensenet.report.Document;
import io.github.resdensenet.train.EpochMetrics;
import io.github.resdensenet.train.Recipe;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Words that follow from made answers for 300 pictures a seed. */
class VerdictTest {
    private static final int PICTURES = 300;

    /** A row that has, for each seed, the first so many pictures right. */
    private static Row row(String title, String recipe, int... right) {
        List<Predictions> predictions = IntStream.of(right)
                .mapToObj(hits -> new Predictions(IntStream.range(0, PICTURES)
                        .mapToObj(i -> new Answer("p" + i, "a", i < hits ? "a" : "<b>", 0.5))
                        .toList()))
                .toList();
        EpochMetrics epoch = new EpochMetrics(1, 0.5, 1, Part.VAL, 0.5, 1, 1e-3, 1e-3, 1, 100);
        Recipe settings = Recipe.defaults();
        return new Row(
                title,
                recipe,
                settings,
                new Row.Size(1_000, 2_000, 4_000, Traits.of(settings.model())),
                new Row.Speed("fused fp32", 100, 2, 300),
                IntStream.range(0, right.length)
                        .mapToObj(seed -> title + recipe + seed)
                        .toList(),
                List.of("a", "<b>"),
                predictions,
                predictions.stream().map(Predictions::accuracy).toList(),
                IntStream.range(0, right.length).mapToObj(s -> List.of(epoch)).toList());
    }

    private static String verdict(Row... rows) {
        return String.join("\n", Verdict.of(List.of(rows), Pair.of(List.of(rows))));
    }

    @Test
    void supportsTheClaimOnlyIfEveryComparisonDoes() {
        Row both = row("ResDenseNet", "common", 270, 272, 271);
        Row worse = row("ResDenseNet add", "common", 240, 243, 240);
        assertThat(verdict(both, worse))
                .contains(
                        "ResDenseNet is more accurate than ResDenseNet add (+10.0 points, 95% interval over seeds +9.2 to +10.8).")
                .contains("of 1 comparisons 1 found ResDenseNet more accurate, 0 less accurate, and 0 did not decide")
                .contains("these numbers support it.");
        Row same = row("DenseNet121", "common", 271, 270, 272);
        assertThat(verdict(both, worse, same))
                .contains("Against the other architectures under the common recipe, ResDenseNet is not told apart from"
                        + " DenseNet121 (0.0 points")
                .contains("of 2 comparisons 1 found ResDenseNet more accurate, 0 less accurate, and 1 did not decide")
                .contains("these numbers support it in part.");
    }

    @Test
    void contradictsTheClaimIfSomethingElseIsBetter() {
        Row both = row("ResDenseNet", "common", 240, 243, 240);
        Row better = row("ResDenseNet none", "common", 270, 272, 271);
        String text = verdict(better, both);
        assertThat(text)
                .contains("ResDenseNet is less accurate than ResDenseNet none (-10.0 points, ")
                .contains("these numbers contradict it.")
                .doesNotContain("these numbers support");
    }

    @Test
    void leavesOpenWhatTheTestsLeaveOpen() {
        Row both = row("ResDenseNet", "common", 250, 270, 260);
        assertThat(verdict(both, row("DenseNet121", "common", 252, 266, 261)))
                .contains("not told apart from DenseNet121")
                .contains("neither support nor contradict");
        // Many pictures, but only one of three seeds: McNemar's test alone is not enough.
        assertThat(verdict(both, row("DenseNet121", "common", 250, 270, 160)))
                .contains("told apart by one test only from DenseNet121");
        assertThat(verdict(row("ResDenseNet", "common", 270), row("DenseNet121", "common", 200)))
                .contains("told apart by one test only", "one seed, so no interval and no t-test");
        assertThat(verdict(row("DenseNet121", "common", 270))).contains("nothing here bears on it");
    }

    @Test
    void saysWhatTheRecipeAloneDoes() {
        assertThat(verdict(row("DenseNet121", "own", 240, 243, 240), row("DenseNet121", "common", 270, 272, 271)))
                .contains("The recipe alone, for DenseNet121, own less common: the common one is better (-10.0 points");
    }

    @Test
    void pairsAreOfRowsThatDifferInOneThing() {
        List<Row> rows = List.of(
                row("ResDenseNet", "own", 250, 251),
                row("DenseNet121", "own", 260, 262),
                row("ResDenseNet", "common", 255, 253),
                row("DenseNet121", "common", 260, 266));
        assertThat(Pair.of(rows).stream()
                        .map(pair -> pair.first().name() + " " + pair.second().name()))
                .containsExactly(
                        "ResDenseNet (own) DenseNet121 (own)",
                        "ResDenseNet (own) ResDenseNet (common)",
                        "DenseNet121 (own) DenseNet121 (common)",
                        "ResDenseNet (common) DenseNet121 (common)");
    }

    @Test
    void everyRowOfTheArticlesTableIsThereAndNamesAreText() {
        Findings findings = new Findings(
                Map.of("--data", "<script>"),
                List.of(row("ResDenseNet", "own", 250, 251), row("ResDenseNet", "common", 250, 260)),
                "2 threads");
        Document document = findings.document();
        String html = document.html(findings.curves().svg());
        assertThat(html)
                .contains("core idea: shortcuts", "parameters", "feature reuse", "gradient path", "activation order")
                .contains("augmentation", "learning rate", "regularisation")
                .contains("flip 0.5, jitter 0.2/0.2/0.1", "cosine 0.001 to 0.000001, 10 epochs")
                .contains("label smoothing 0.1, weight decay 0.0001")
                .contains("classes: a, &lt;b&gt;;", "--data &lt;script&gt;")
                .doesNotContain("<script>", "<b>");
        assertThat(document.markdown("curves.svg")).doesNotContain("<b>").contains("| --- | --- |");
        assertThat(findings.csv())
                .hasSize(3)
                .allMatch(line -> line.size() == findings.csv().get(0).size());
    }
}
