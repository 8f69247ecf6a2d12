package io.github.resdensenet.compare;

import io.github.resdensenet.compare.Document.Section;
import io.github.resdensenet.compare.Document.Table;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.plot.ComparisonCurves;
import io.github.resdensenet.run.History.EpochMetrics;
import io.github.resdensenet.util.Decimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The results of a comparison, with the text and tables of its report.
 *
 * @param options options of the comparison by their names on the command line
 * @param rows one row per model and recipe
 * @param machine number of threads and processor of the speed measurements
 * @param margin difference of accuracy below which models are equivalent, as a fraction; 0 for no test of equivalence
 */
record Findings(Map<String, String> options, List<Row> rows, String machine, double margin) {
    List<Pair> pairs() {
        return Pair.of(rows, margin);
    }

    List<String> verdict() {
        return Verdict.of(rows, pairs(), margin);
    }

    /** The validation curves of all rows, averaged over the seeds. Rows of one model share a colour. */
    ComparisonCurves curves() {
        List<String> titles = rows.stream().map(Row::title).distinct().toList();
        List<String> recipes = rows.stream().map(Row::recipe).distinct().toList();
        return new ComparisonCurves(
                "Validation curves, mean of " + seeds(),
                "Validation",
                rows.stream()
                        .map(row -> new ComparisonCurves.Series(
                                row.name(),
                                titles.indexOf(row.title()),
                                recipes.indexOf(row.recipe()) > 0,
                                row.curve(EpochMetrics::acc),
                                row.curve(EpochMetrics::loss)))
                        .toList());
    }

    private String seeds() {
        int n = rows.get(0).predictions().size();
        return n == 1 ? "1 seed" : n + " seeds";
    }

    private String selection() {
        Subset subset = rows.get(0).settings().train().selectOn().subset();
        return "The best epoch is selected on the " + subset.title() + " set"
                + (subset == Subset.TEST ? ", so the results are too optimistic." : ".");
    }

    private int folds() {
        return rows.get(0).settings().data().folds();
    }

    Document document() {
        return new Document(
                "Comparison of image classifiers",
                List.of(
                        new Section("Setup", about(), List.of()),
                        new Section("Verdict", verdict(), List.of()),
                        new Section(
                                "Results",
                                List.of("Means and 95% intervals (Student's t) over " + seeds() + ". " + selection()
                                        + " Accuracy and macro-F1 are measured on the"
                                        + (folds() > 0 ? " test sets of all folds together." : " test set.")
                                        + " Speed and memory are measured in a fresh process per model, with"
                                        + " batches of "
                                        + rows.get(0).settings().data().batchSize()
                                        + " and " + machine + "."),
                                List.of(measured())),
                        new Section("The article's table", aboutArticle(), List.of(article())),
                        new Section("Pairwise tests", aboutPairs(), List.of(pairTable()))));
    }

    private List<String> about() {
        List<String> lines = new ArrayList<>();
        lines.add("Options of resdensenet compare: "
                + String.join(
                        ", ",
                        options.entrySet().stream()
                                .map(option -> option.getKey() + " " + option.getValue())
                                .toList())
                + ".");
        Row first = rows.get(0);
        int size = first.settings().data().imageSize();
        lines.add("Image size: " + size + " x " + size + " pixels. Classes: "
                + String.join(", ", first.classes()) + ". There are "
                + first.predictions().get(0).answers().size()
                + " test images per seed, the same for all models. The seed determines the split, the initial weights,"
                + " the order of the images and the augmentation.");
        if (folds() > 0) {
            lines.add("Each seed is a cross-validation with " + folds() + " folds: " + folds() + " training runs, each"
                    + " with another fold as its test set. Every image is a test image once, and its prediction comes"
                    + " from the run that was not trained on it.");
        }
        lines.add("The own recipe trains each model with its settings in the article's table. The common recipe uses"
                + " the same settings for every model, so only the common recipe compares the architectures alone. The"
                + " article names no optimiser for ResNet50V2 and DenseNet121; this project uses AdamW with the"
                + " learning rate below.");
        rows.stream()
                .filter(row -> rows.stream()
                        .anyMatch(other ->
                                !other.name().equals(row.name()) && other.runs().equals(row.runs())))
                .map(Row::title)
                .distinct()
                .forEach(title -> lines.add("For " + title + ", the own recipe is identical to the common recipe. The"
                        + " model was trained once per seed" + (folds() > 0 ? " and fold" : "")
                        + ", and both rows show the same results."));
        return lines;
    }

    private Table measured() {
        List<List<String>> cells = new ArrayList<>();
        for (Row row : rows) {
            cells.add(List.of(
                    row.title(),
                    row.recipe(),
                    String.format(Locale.ROOT, "%,d", row.size().parameters()),
                    Decimal.fixed(row.size().macs() / 1e6, 1),
                    Decimal.fixed(row.size().bytes() / 1048576.0, 1),
                    percent(row.accuracy()),
                    percent(row.macroF1()),
                    Decimal.fixed(row.speed().imagesPerSecond(), 0),
                    Decimal.fixed(row.speed().inferenceMs(), 2),
                    row.speed().peakMegabytes() < 0
                            ? "unknown"
                            : Long.toString(row.speed().peakMegabytes()),
                    row.speed().engine()));
        }
        return new Table(
                List.of(
                        "model",
                        "recipe",
                        "parameters",
                        "MACs, millions",
                        "weights, MiB",
                        "test accuracy, %",
                        "macro-F1, %",
                        "training, images per second",
                        "inference, ms per image",
                        "peak memory, MiB",
                        "engine"),
                cells);
    }

    /** A mean fraction with its interval, as percentages. */
    private static String percent(MeanInterval fraction) {
        return Decimal.percent(fraction.mean())
                + (fraction.isKnown()
                        ? " (" + Decimal.percent(fraction.low()) + " to " + Decimal.percent(fraction.high()) + ")"
                        : "");
    }

    private List<String> aboutArticle() {
        List<String> lines = new ArrayList<>();
        lines.add("The properties of the article's table, for the models compared here. Core idea, feature reuse,"
                + " gradient path and activation order describe the architecture and are not measured.");
        if (rows.stream().anyMatch(row -> row.settings().model().name() == Architecture.DENSENET121)) {
            lines.add("The article calls DenseNet121 post-activation. As published, DenseNet121 normalises before each"
                    + " convolution.");
        }
        return lines;
    }

    private Table article() {
        return new Table(
                List.of(
                        "model",
                        "recipe",
                        "core idea: shortcuts",
                        "parameters",
                        "feature reuse",
                        "gradient path",
                        "activation order",
                        "augmentation (jitter: brightness/contrast/saturation)",
                        "learning rate",
                        "regularisation"),
                rows.stream()
                        .map(row -> List.of(
                                row.title(),
                                row.recipe(),
                                row.size().traits().shortcut(),
                                String.format(Locale.ROOT, "%,d", row.size().parameters()),
                                row.size().traits().featureReuse(),
                                row.size().traits().gradientPath(),
                                row.size().traits().activation(),
                                row.augmentation(),
                                row.schedule(),
                                row.regularisation()))
                        .toList());
    }

    private List<String> aboutPairs() {
        List<String> lines = new ArrayList<>(List.of(
                "Each pair differs in either the model or the recipe and uses the same test images. Difference:"
                        + " accuracy of the first minus accuracy of the second, in percentage points. McNemar's exact"
                        + " test compares the numbers of images that only one of the two predicts correctly, summed"
                        + " over all seeds and, in brackets, per seed. "
                        + (folds() > 0
                                ? "All seeds have the same test images, so the p-value over several seeds is too small."
                                : "Test sets of different seeds overlap, so the p-value over all seeds is slightly too"
                                        + " small."),
                "Corrected p: the McNemar p-value over all seeds, corrected for the number of pairs ("
                        + pairs().size()
                        + ") with Holm's method. Significant: the corrected McNemar p-value and the p-value of the"
                        + " paired t-test over seeds are both below 0.05, and both tests agree on the direction."));
        if (margin > 0) {
            lines.add(
                    "Equivalence, corrected p: two one-sided paired t-tests over the seeds (TOST) that the difference is less"
                            + " than " + Verdict.size(margin)
                            + " percentage points, corrected with Holm's method. A pair is equivalent"
                            + " if it is below 0.05, also if the difference is significant.");
        }
        return lines;
    }

    private Table pairTable() {
        List<String> header = new ArrayList<>(List.of(
                "first",
                "second",
                "difference (95% interval)",
                "paired t-test, p",
                "only first / only second correct",
                "McNemar, p",
                "McNemar, corrected p",
                "significant"));
        if (margin > 0) {
            header.add(header.size() - 1, "equivalence, corrected p");
        }
        return new Table(header, pairs().stream().map(this::cells).toList());
    }

    private List<String> cells(Pair pair) {
        MeanInterval difference = pair.difference();
        String interval = difference.isKnown()
                ? " (" + Verdict.points(difference.low()) + " to " + Verdict.points(difference.high()) + ")"
                : "";
        List<String> perSeed = pair.perSeed().stream()
                .map(test -> Verdict.probability(test.p()))
                .toList();
        List<String> cells = new ArrayList<>(List.of(
                pair.first().name(),
                pair.second().name(),
                Verdict.points(difference.mean()) + interval,
                probability(pair.tP()),
                pair.pooled().onlyFirst() + " / " + pair.pooled().onlySecond(),
                Verdict.probability(pair.pooled().p()) + " (" + String.join(", ", perSeed) + ")",
                Verdict.probability(pair.holm())));
        if (margin > 0) {
            cells.add(probability(pair.equivalenceP()));
        }
        cells.add(
                switch (pair.outcome()) {
                    case FIRST_BETTER -> "first better";
                    case SECOND_BETTER -> "second better";
                    case UNSURE -> "one test only";
                    case EQUIVALENT -> "equivalent";
                    case NOT_TOLD_APART -> "no";
                });
        return cells;
    }

    private static String probability(double p) {
        return Double.isNaN(p) ? "-" : Verdict.probability(p);
    }

    /** The rows as CSV records, with the header first. Numbers are not rounded. */
    List<List<String>> csv() {
        List<List<String>> lines = new ArrayList<>();
        lines.add(List.copyOf(FindingsJson.row(rows.get(0)).keySet()));
        rows.forEach(row -> lines.add(FindingsJson.row(row).values().stream()
                .map(value -> value instanceof List<?> list
                        ? String.join(" ", list.stream().map(String::valueOf).toList())
                        : String.valueOf(value))
                .toList()));
        return lines;
    }
}
