package io.github.resdensenet.eval;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * From which confidence on a model's answers are right as often as wanted.
 *
 * @param precisionTarget the wanted share of right answers, above 0 to 1
 * @param threshold answers with a calibrated confidence of at least this are given, others not
 * @param chosen how it does on the pictures that it was chosen on
 */
public record Abstention(double precisionTarget, double threshold, Coverage chosen) {
    /**
     * What a threshold comes to.
     *
     * @param n pictures
     * @param answered pictures that are answered
     * @param right answers that are right
     */
    public record Coverage(int n, int answered, int right) {
        /** Share of the pictures that are answered. */
        public double share() {
            return (double) answered / n;
        }

        /** Share of the answers that are right; NaN without any. */
        public double precision() {
            return (double) right / answered;
        }

        /** 95% interval of the precision. */
        public Interval interval() {
            return Wilson.of(right, answered);
        }
    }

    /**
     * The smallest threshold with which the answers for these pictures reach a precision. It is a number of few digits
     * between the least confident answer that is given and the one below.
     *
     * @param e what the model answers on pictures that it was not trained on
     * @param target above 0 to 1
     * @return the threshold; empty if even the most confident answers do not reach the precision
     */
    public static Optional<Abstention> reaching(Evaluation e, double target) {
        if (!(target > 0 && target <= 1)) {
            throw new IllegalArgumentException("a precision must be above 0 to 1, got " + target);
        }
        int n = e.n();
        double[] confidence = IntStream.range(0, n).mapToDouble(e::confidence).toArray();
        int[] order = IntStream.range(0, n)
                .boxed()
                .sorted((a, b) -> Double.compare(confidence[a], confidence[b]))
                .mapToInt(Integer::intValue)
                .toArray();
        int right = e.confusion().hits();
        double below = 0;
        for (int left = 0; left < n; left++) { // out of the answers from order[left] on
            double at = confidence[order[left]];
            if ((left == 0 || at > below) && right >= target * (n - left)) {
                double threshold = left == 0 ? 0 : shortBetween(below, at);
                return Optional.of(new Abstention(target, threshold, new Coverage(n, n - left, right)));
            }
            right -= e.predicted(order[left]) == e.truth().get(order[left]) ? 1 : 0;
            below = at;
        }
        return Optional.empty();
    }

    /** The number of fewest decimal places that is above {@code low} and at most {@code high}. */
    private static double shortBetween(double low, double high) {
        for (double scale = 10; scale < 1e15; scale *= 10) {
            double candidate = Math.floor(high * scale) / scale;
            if (candidate > low && candidate <= high) {
                return candidate;
            }
        }
        return high;
    }

    /** How the threshold does on other pictures. */
    public Coverage on(Evaluation e) {
        int[] answered = IntStream.range(0, e.n())
                .filter(i -> e.confidence(i) >= threshold)
                .toArray();
        int right = (int) Arrays.stream(answered)
                .filter(i -> e.predicted(i) == e.truth().get(i))
                .count();
        return new Coverage(e.n(), answered.length, right);
    }
}
