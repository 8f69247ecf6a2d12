package io.github.resdensenet.compare;

import io.github.resdensenet.compare.Pair.Outcome;
import io.github.resdensenet.eval.Decimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the numbers say about the article's claim that concatenation inside a block and an addition around it unite the
 * advantages of DenseNet and ResNet, in words that follow from the tests alone.
 */
final class Verdict {
    private static final String SUBJECT = "ResDenseNet";

    private Verdict() {}

    static List<String> of(List<Row> rows, List<Pair> pairs) {
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
                                            + "%,d".formatted(row.size().parameters()) + " parameters")
                                    .toList())
                    + ".");
            List<Pair> own = pairs.stream()
                    .filter(pair -> pair.first().recipe().equals(pair.second().recipe()))
                    .filter(pair -> pair.first().recipe().equals(recipe))
                    .filter(pair -> isSubject(pair.first()) || isSubject(pair.second()))
                    .map(pair -> isSubject(pair.first()) ? pair : pair.swapped())
                    .toList();
            lines.addAll(summary(
                    "Against the other architectures under the " + recipe + " recipe, ",
                    own.stream().filter(pair -> !isFusion(pair.second())).toList()));
            lines.addAll(summary(
                    "Against the other fusions at as many parameters under the " + recipe + " recipe, ",
                    own.stream().filter(pair -> isFusion(pair.second())).toList()));
        }
        pairs.stream()
                .filter(pair -> pair.first().title().equals(pair.second().title()))
                .map(Verdict::recipes)
                .forEach(lines::add);
        return lines;
    }

    private static boolean isSubject(Row row) {
        return row.title().equals(SUBJECT);
    }

    private static boolean isFusion(Row row) {
        return row.title().startsWith(SUBJECT + " ");
    }

    /** Which of the others ResDenseNet is better than, worse than, and not told apart from. */
    private static List<String> summary(String start, List<Pair> against) {
        if (against.isEmpty()) {
            return List.of();
        }
        Map<Outcome, List<String>> names = new LinkedHashMap<>();
        against.forEach(pair -> names.computeIfAbsent(pair.outcome(), o -> new ArrayList<>())
                .add(pair.second().title() + " (" + difference(pair) + ")"));
        List<String> parts = new ArrayList<>();
        for (Outcome outcome : Outcome.values()) {
            if (names.containsKey(outcome)) {
                String is = switch (outcome) {
                    case FIRST_BETTER -> "more accurate than ";
                    case SECOND_BETTER -> "less accurate than ";
                    case UNSURE -> "told apart by one test only from ";
                    case NOT_TOLD_APART -> "not told apart from ";
                };
                parts.add(is + String.join(", ", names.get(outcome)));
            }
        }
        return List.of(start + SUBJECT + " is " + String.join("; ", parts) + ".");
    }

    /** What one model's two recipes differ in. */
    private static String recipes(Pair pair) {
        String says = switch (pair.outcome()) {
            case FIRST_BETTER -> "the " + pair.first().recipe() + " one is better";
            case SECOND_BETTER -> "the " + pair.second().recipe() + " one is better";
            case UNSURE -> "told apart by one test only";
            case NOT_TOLD_APART -> "not told apart";
        };
        return "The recipe alone, for " + pair.first().title() + ", "
                + pair.first().recipe() + " less " + pair.second().recipe() + ": " + says + " (" + difference(pair)
                + ").";
    }

    private static String difference(Pair pair) {
        MeanInterval d = pair.difference();
        String spread = d.isKnown()
                ? ", 95% interval over seeds " + points(d.low()) + " to " + points(d.high())
                : ", one seed, so no interval and no t-test";
        return points(d.mean()) + " points" + spread;
    }

    /** What all comparisons of ResDenseNet with something else under the same recipe say together. */
    private static String claim(List<Row> rows, List<Pair> pairs) {
        List<Outcome> outcomes = pairs.stream()
                .filter(pair -> pair.first().recipe().equals(pair.second().recipe()))
                .filter(pair -> isSubject(pair.first()) || isSubject(pair.second()))
                .map(pair -> (isSubject(pair.first()) ? pair : pair.swapped()).outcome())
                .toList();
        String start =
                "The article's claim, that concatenation inside and addition around a block unite what is good in"
                        + " DenseNet and ResNet: ";
        if (outcomes.isEmpty()) {
            return start + "nothing here bears on it, since nothing was compared with " + SUBJECT
                    + " under one recipe.";
        }
        long better = outcomes.stream().filter(o -> o == Outcome.FIRST_BETTER).count();
        long worse = outcomes.stream().filter(o -> o == Outcome.SECOND_BETTER).count();
        int all = outcomes.size();
        String counts = "of " + all + " comparisons " + better + " found " + SUBJECT + " more accurate, " + worse
                + " less accurate, and " + (all - better - worse) + " did not decide. ";
        String says = worse > 0
                ? "As far as accuracy goes, these numbers contradict it" + (better > 0 ? " in part." : ".")
                : better == all
                        ? "As far as accuracy goes, these numbers support it."
                        : better > 0
                                ? "As far as accuracy goes, these numbers support it in part."
                                : "As far as accuracy goes, these numbers neither support nor contradict it.";
        return start + counts + says + smallest(rows);
    }

    private static String smallest(List<Row> rows) {
        return rows.stream()
                .filter(Verdict::isSubject)
                .findFirst()
                .map(subject -> {
                    List<String> larger = rows.stream()
                            .filter(row -> row.recipe().equals(subject.recipe()))
                            .filter(row -> !isSubject(row) && !isFusion(row))
                            .map(row -> Decimal.fixed(
                                            (double) row.size().parameters()
                                                    / subject.size().parameters(),
                                            1)
                                    + " times its parameters for " + row.title())
                            .toList();
                    return larger.isEmpty() ? "" : " Parameters: " + String.join(", ", larger) + ".";
                })
                .orElse("");
    }

    /** A difference of shares in points, with its sign. */
    static String points(double share) {
        String number = Decimal.fixed(share * 100, 1);
        return share > 0 ? "+" + number : number;
    }

    static String probability(double p) {
        return p < 0.001 ? "<0.001" : Decimal.fixed(p, 3);
    }
}
