package io.github.resdensenet.compare;

import io.github.resdensenet.compare.Pair.Outcome;
import io.github.resdensenet.util.Decimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Summarises the test results in sentences. The first sentences evaluate the article's claim that concatenation inside
 * a block and addition around it combine the advantages of DenseNet and ResNet.
 */
final class Verdict {
    private static final String SUBJECT = "ResDenseNet";

    private Verdict() {}

    static List<String> of(List<Row> rows, List<Pair> pairs, double margin) {
        List<String> lines = new ArrayList<>(List.of(claim(rows, pairs)));
        for (String recipe : rows.stream().map(Row::recipe).distinct().toList()) {
            List<Row> ranked = rows.stream()
                    .filter(row -> row.recipe().equals(recipe))
                    .sorted(Comparator.comparingDouble(
                            (Row row) -> -row.accuracy().mean()))
                    .toList();
            lines.add("Mean test accuracy under the " + recipe + " recipe: "
                    + String.join(
                            ", ",
                            ranked.stream()
                                    .map(row -> row.title() + " "
                                            + Decimal.percent(row.accuracy().mean()) + "% with "
                                            + String.format(
                                                    Locale.ROOT,
                                                    "%,d",
                                                    row.size().parameters()) + " parameters")
                                    .toList())
                    + ".");
            List<Pair> own = pairs.stream()
                    .filter(pair -> pair.first().recipe().equals(pair.second().recipe()))
                    .filter(pair -> pair.first().recipe().equals(recipe))
                    .filter(pair -> isSubject(pair.first()) || isSubject(pair.second()))
                    .map(pair -> isSubject(pair.first()) ? pair : pair.swapped())
                    .toList();
            lines.addAll(summary(
                    "Compared with the other architectures under the " + recipe + " recipe, ",
                    margin,
                    own.stream().filter(pair -> !isFusion(pair.second())).toList()));
            lines.addAll(summary(
                    "Compared with the other fusions at a matched parameter count under the " + recipe + " recipe, ",
                    margin,
                    own.stream().filter(pair -> isFusion(pair.second())).toList()));
        }
        pairs.stream()
                .filter(pair -> pair.first().title().equals(pair.second().title()))
                .map(pair -> recipes(pair, margin))
                .forEach(lines::add);
        return lines;
    }

    private static boolean isSubject(Row row) {
        return row.title().equals(SUBJECT);
    }

    private static boolean isFusion(Row row) {
        return row.title().startsWith(SUBJECT + " ");
    }

    /** Lists the models that ResDenseNet differs from, by outcome. */
    private static List<String> summary(String start, double margin, List<Pair> against) {
        if (against.isEmpty()) {
            return List.of();
        }
        Map<Outcome, List<String>> names = new LinkedHashMap<>();
        against.forEach(pair -> names.computeIfAbsent(pair.outcome(), o -> new ArrayList<>())
                .add(pair.second().title() + " (" + difference(pair) + ")"));
        List<String> groups = new ArrayList<>();
        for (Outcome outcome : Outcome.values()) {
            if (names.containsKey(outcome)) {
                String is = switch (outcome) {
                    case FIRST_BETTER -> "more accurate than ";
                    case SECOND_BETTER -> "less accurate than ";
                    case EQUIVALENT -> "equivalent within " + size(margin) + " percentage points to ";
                    case UNSURE -> "different in only one of the two tests (McNemar's, paired t-test) from ";
                    case NOT_TOLD_APART -> "not significantly different from ";
                };
                groups.add(is + String.join(", ", names.get(outcome)));
            }
        }
        return List.of(start + SUBJECT + " is " + String.join("; ", groups) + ".");
    }

    /** Compares the two recipes of one model. */
    private static String recipes(Pair pair, double margin) {
        String says = switch (pair.outcome()) {
            case FIRST_BETTER -> "the " + pair.first().recipe() + " recipe is better";
            case SECOND_BETTER -> "the " + pair.second().recipe() + " recipe is better";
            case UNSURE -> "significant in only one of the two tests";
            case EQUIVALENT -> "equivalent within " + size(margin) + " percentage points";
            case NOT_TOLD_APART -> "no significant difference";
        };
        return "Effect of the recipe on " + pair.first().title() + ", "
                + pair.first().recipe() + " minus " + pair.second().recipe() + ": " + says + " (" + difference(pair)
                + ").";
    }

    private static String difference(Pair pair) {
        MeanInterval d = pair.difference();
        String spread = d.isKnown()
                ? ", 95% interval over seeds " + points(d.low()) + " to " + points(d.high())
                : ", no interval and no t-test with one seed";
        return points(d.mean()) + " percentage points" + spread;
    }

    /** Summarises all comparisons of ResDenseNet with another model under the same recipe. */
    private static String claim(List<Row> rows, List<Pair> pairs) {
        List<Outcome> outcomes = pairs.stream()
                .filter(pair -> pair.first().recipe().equals(pair.second().recipe()))
                .filter(pair -> isSubject(pair.first()) || isSubject(pair.second()))
                .map(pair -> (isSubject(pair.first()) ? pair : pair.swapped()).outcome())
                .toList();
        String start = "The article claims that concatenation inside a block and addition around it combine the"
                + " advantages of DenseNet and ResNet. ";
        if (outcomes.isEmpty()) {
            return start + "Inconclusive: no other model was compared with " + SUBJECT + " under the same recipe.";
        }
        long better = outcomes.stream().filter(o -> o == Outcome.FIRST_BETTER).count();
        long worse = outcomes.stream().filter(o -> o == Outcome.SECOND_BETTER).count();
        long equivalent = outcomes.stream().filter(o -> o == Outcome.EQUIVALENT).count();
        int all = outcomes.size();
        String counts = "Comparisons of " + SUBJECT + " with another model under the same recipe: " + all
                + " in total, " + better + " more accurate, " + worse + " less accurate, "
                + (equivalent > 0 ? equivalent + " equivalent, " : "") + (all - better - worse - equivalent)
                + " inconclusive. ";
        String says = worse > 0
                ? "For accuracy, the results " + (better > 0 ? "partly " : "") + "contradict the claim."
                : better == all
                        ? "For accuracy, the results support the claim."
                        : better > 0
                                ? "For accuracy, the results partly support the claim."
                                : equivalent == all
                                        ? "For accuracy, the models are equivalent."
                                        : "For accuracy, the results are inconclusive.";
        return start + counts + says + parameterCounts(rows);
    }

    private static String parameterCounts(List<Row> rows) {
        return rows.stream()
                .filter(Verdict::isSubject)
                .findFirst()
                .map(subject -> {
                    List<String> others = rows.stream()
                            .filter(row -> row.recipe().equals(subject.recipe()))
                            .filter(row -> !isSubject(row) && !isFusion(row))
                            .map(row -> row.title() + " "
                                    + Decimal.fixed(
                                            (double) row.size().parameters()
                                                    / subject.size().parameters(),
                                            1)
                                    + " times")
                            .toList();
                    return others.isEmpty()
                            ? ""
                            : " Parameter count relative to " + SUBJECT + ": " + String.join(", ", others) + ".";
                })
                .orElse("");
    }

    /** A fraction in percentage points, without trailing zeros. */
    static String size(double fraction) {
        return Decimal.plain(Math.round(fraction * 1e6) / 1e4);
    }

    /** A difference of fractions in percentage points, with its sign. */
    static String points(double difference) {
        String number = Decimal.fixed(difference * 100, 1);
        return difference > 0 ? "+" + number : number;
    }

    static String probability(double p) {
        return p < 0.001 ? "<0.001" : Decimal.fixed(p, 3);
    }
}
