package io.github.resdensenet.eval;

/**
 * Makes a model's probabilities mean what they say: softmax(logits / T) (C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On
 * Calibration of Modern Neural Networks", ICML 2017). The most probable class stays the same.
 *
 * @param value T, positive; above 1 makes the model less sure, 1 changes nothing
 */
public record Temperature(double value) {
    /** Changes nothing. */
    public static final Temperature NONE = new Temperature(1);
    /** The smallest that is fitted. */
    public static final double MIN = 0.2;
    /** The largest that is fitted. */
    public static final double MAX = 10;

    private static final double PRECISION = 1e-12;

    /** Checks the value. */
    public Temperature {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("a temperature must be a positive number, got " + value);
        }
    }

    /** Whether it changes anything. */
    public boolean isNone() {
        return value == 1;
    }

    /** Whether it is the end of the range that is fitted, so that the best one may be beyond. */
    public boolean isAtBound() {
        return value == MIN || value == MAX;
    }

    /** The probabilities of one picture's classes. */
    public double[] probabilities(double[] logits) {
        double[] p = logSoftmax(logits, 1 / value);
        for (int c = 0; c < p.length; c++) {
            p[c] = Math.exp(p[c]);
        }
        return p;
    }

    static double[] logSoftmax(double[] logits, double factor) {
        double max = Double.NEGATIVE_INFINITY;
        for (double logit : logits) {
            max = Math.max(max, logit * factor);
        }
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit * factor - max);
        }
        double log = max + Math.log(sum);
        double[] logP = new double[logits.length];
        for (int c = 0; c < logP.length; c++) {
            logP[c] = logits[c] * factor - log;
        }
        return logP;
    }

    /**
     * The temperature with the smallest mean negative log-likelihood, from {@value #MIN} to {@value #MAX}. The end of the
     * range is taken where the likelihood still rises there: without a wrong answer it does towards 0, and with answers
     * worse than chance towards infinity.
     */
    public static Temperature fit(Answers answers) {
        return fit(answers.logits(), answers.truth());
    }

    /** The likelihood is concave in 1 / T, so its slope changes sign once: bisection. */
    static Temperature fit(double[][] logits, int[] truth) {
        double low = 1 / MAX;
        double high = 1 / MIN;
        if (slope(logits, truth, low) == 0 && slope(logits, truth, high) == 0) {
            return NONE; // all logits of a picture are the same, or there are no pictures
        }
        if (slope(logits, truth, low) >= 0) {
            return new Temperature(MAX);
        }
        if (slope(logits, truth, high) <= 0) {
            return new Temperature(MIN);
        }
        while (high - low > PRECISION * low) {
            double middle = (low + high) / 2;
            if (slope(logits, truth, middle) > 0) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return new Temperature(2 / (low + high));
    }

    /** Derivative of the negative log-likelihood by 1 / T: expected minus true logit. */
    private static double slope(double[][] logits, int[] truth, double factor) {
        double sum = 0;
        for (int i = 0; i < truth.length; i++) {
            double[] logP = logSoftmax(logits[i], factor);
            for (int c = 0; c < logP.length; c++) {
                sum += Math.exp(logP[c]) * (logits[i][c] - logits[i][truth[i]]);
            }
        }
        return sum;
    }
}
