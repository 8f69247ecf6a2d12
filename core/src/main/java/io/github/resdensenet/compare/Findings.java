package io.github.resdensenet.compare;

import io.github.resdensenet.eval.Decimal;
import io.github.resdensenet.report.ComparisonCurves;
import io.github.resdensenet.report.Document;
import io.github.resdensenet.report.Document.Section;
import io.github.resdensenet.report.Document.Table;
import io.github.resdensenet.train.EpochMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * All that a comparison came to.
 *
 * @param options what was compared, as on the command line
 * @param rows models under recipes
 * @param machine what the speeds were measured on
 */
record Findings(Map<String, String> options, List<Row> rows, String machine) {
    List<Pair> pairs() {
        return Pair.of(rows);
    }

    List<String> verdict() {
        return Verdict.of(rows, pairs());
    }

    /** The curves of all rows, means over the seeds; a model's recipes have its colour. */
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

    Document document() {
        return new Document(
                "Comparison of image classifiers",
                List.of(
                        new Section("What was compared", about(), List.of()),
                        new Section("Verdict", verdict(), List.of()),
                        new Section(
                                "Measured",
                                List.of("Means and 95% intervals (Student's t) over " + seeds() + ", best epoch chosen"
                                        + " on validation pictures, accuracy and macro-F1 on test pictures. Speed and"
                                        + " memory: batches of "
                                        + rows.get(0).settings().data().batchSize()
                                        + ", each model alone in a fresh process, " + machine + "."),
                                List.of(measured())),
                        new Section("The article's table", aboutArticle(), List.of(article())),
                        new Section("Pairs", aboutPairs(), List.of(pairTable()))));
    }

    private List<String> about() {
        List<String> lines = new ArrayList<>();
        lines.add("resdensenet compare, "
                + String.join(
                        ", ",
                        options.entrySet().stream()
                                .map(option -> option.getKey() + " " + option.getValue())
                                .toList())
                + ".");
        Row first = rows.get(0);
        lines.add("Pictures of " + first.settings().data().imageSize() + " pixels; classes: "
                + String.join(", ", first.classes()) + "; "
                + first.predictions().get(0).answers().size()
                + " test pictures a seed, the same for all models. A seed decides split, initial weights, order and"
                + " augmentation.");
        lines.add(
                "The own recipe is the model's training in the article's table, the common one the same for all: only it"
                        + " compares the models alone. The article names no optimiser for ResNet50V2 and DenseNet121; AdamW at"
                        + " the rate below is this project's choice.");
        rows.stream()
                .filter(row -> rows.stream()
                        .anyMatch(other ->
                                !other.name().equals(row.name()) && other.runs().equals(row.runs())))
                .map(Row::title)
                .distinct()
                .forEach(title -> lines.add("The own recipe of " + title
                        + " is the common one, so it was trained once and has the same figures in both rows."));
        return lines;
    }

    private Table measured() {
        List<List<String>> cells = new ArrayList<>();
        for (Row row : rows) {
            cells.add(List.of(
                    row.title(),
                    row.recipe(),
                    "%,d".formatted(row.size().parameters()),
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
                        "training, pictures/s",
                        "inference, ms/picture",
                        "peak memory, MiB",
                        "engine"),
                cells);
    }

    /** A mean of shares with its interval, in percent. */
    private static String percent(MeanInterval share) {
        return Decimal.percent(share.mean())
                + (share.isKnown()
                        ? " (" + Decimal.percent(share.low()) + " to " + Decimal.percent(share.high()) + ")"
                        : "");
    }

    private List<String> aboutArticle() {
        List<String> lines = new ArrayList<>();
        lines.add(
                "Every row of the article's table, for what was compared here. Core idea, feature reuse, gradient path and"
                        + " activation order are facts of the architecture, not measurements.");
        if (rows.stream().anyMatch(row -> row.settings().model().name().equals("densenet121"))) {
            lines.add(
                    "The article calls DenseNet121 post-activation; as published, it normalises before it convolves.");
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
                                "%,d".formatted(row.size().parameters()),
                                row.size().traits().featureReuse(),
                                row.size().traits().gradientPath(),
                                row.size().traits().activation(),
                                row.augmentation(),
                                row.schedule(),
                                row.regularisation()))
                        .toList());
    }

    private List<String> aboutPairs() {
        return List.of(
                "Rows that differ in one thing, on the same test pictures. Difference: first less second, points of"
                        + " accuracy. McNemar's exact test counts the pictures that one alone has right, all seeds together"
                        + " and (in brackets) seed by seed; test sets of different seeds overlap, so the pooled one is a"
                        + " little too sure. Corrected: Holm's method over the " + pairs().size()
                        + " pairs. Told apart:"
                        + " corrected McNemar and the paired t-test over seeds both below 0.05, in one direction.");
    }

    private Table pairTable() {
        return new Table(
                List.of(
                        "first",
                        "second",
                        "difference (95% interval)",
                        "paired t, p",
                        "first / second alone right",
                        "McNemar, p",
                        "corrected",
                        "told apart"),
                pairs().stream()
                        .map(pair -> List.of(
                                pair.first().name(),
                                pair.second().name(),
                                Verdict.points(pair.difference().mean())
                                        + (pair.difference().isKnown()
                                                ? " ("
                                                        + Verdict.points(pair.difference()
                                                                .low()) + " to "
                                                        + Verdict.points(pair.difference()
                                                                .high()) + ")"
                                                : ""),
                                Double.isNaN(pair.tP()) ? "-" : Verdict.probability(pair.tP()),
                                pair.pooled().onlyFirst() + " / "
                                        + pair.pooled().onlySecond(),
                                Verdict.probability(pair.pooled().p()) + " ("
                                        + String.join(
                                                ", ",
                                                pair.perSeed().stream()
                                                        .map(test -> Verdict.probability(test.p()))
                                                        .toList())
                                        + ")",
                                Verdict.probability(pair.holm()),
                                switch (pair.outcome()) {
                                    case FIRST_BETTER -> "first better";
                                    case SECOND_BETTER -> "second better";
                                    case UNSURE -> "by one test";
                                    case NOT_TOLD_APART -> "no";
                                }))
                        .toList());
    }

    /** The rows as CSV, header first: numbers as they are. */
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
