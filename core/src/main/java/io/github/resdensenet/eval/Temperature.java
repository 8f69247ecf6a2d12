package io.github.resdensenet.eval;

import io.github.resdensenet.util.Decimal;

/**
 * Temperature scaling: calibrates probabilities as softmax(logits / T). The predicted class stays the same.
 *
 * <p>C. Guo, G. Pleiss, Y. Sun, K. Weinberger: "On Calibration of Modern Neural Networks", ICML 2017.
 *
 * @param value the temperature T, positive; 1 means no calibration, larger values reduce the confidence
 */
public record Temperature(double value) {
    /** The temperature 1: no calibration. */
    public static final Temperature NONE = new Temperature(1);
    /** The smallest temperature that {@link #fit} returns. */
    public static final double MIN = 0.2;
    /** The largest temperature that {@link #fit} returns. */
    public static final double MAX = 10;

    private static final double PRECISION = 1e-12;

    /** Checks that the value is positive and finite. */
    public Temperature {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("temperature must be a positive number, got " + value);
        }
    }

    /** Whether the temperature is 1, that is, changes nothing. */
    public boolean isNone() {
        return value == 1;
    }

    /** Whether the temperature is {@link #MIN} or {@link #MAX}, so that the optimum may be outside the range. */
    public boolean isAtBound() {
        return value == MIN || value == MAX;
    }

    /** The calibrated probabilities of an image, one per class. */
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
     * The temperature with the smallest mean negative log-likelihood in the range {@value #MIN} to {@value #MAX}.
     *
     * <p>The optimum is 0 if all predictions are correct, and infinite if the predictions are worse than chance. The
     * result is then a bound of the range. Without outputs, it is {@link #NONE}.
     *
     * @param outputs outputs for images that the model was not trained on
     */
    public static Temperature fit(ModelOutputs outputs) {
        return fit(outputs.logits(), outputs.truth());
    }

    /** The temperature in words, for the log. */
    public String describe() {
        return "temperature " + Decimal.fixed(value, 3)
                + (isAtBound() ? " (a bound of the range " + MIN + " to " + MAX + "; the optimum may be outside)" : "");
    }

    /** Bisection: the log-likelihood is concave in 1 / T, so its slope changes sign only once. */
    static Temperature fit(double[][] logits, int[] truth) {
        double low = 1 / MAX;
        double high = 1 / MIN;
        if (slope(logits, truth, low) == 0 && slope(logits, truth, high) == 0) {
            return NONE; // the logits of each image are equal, or there are no images
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

    /** Derivative of the negative log-likelihood with respect to 1 / T: expected minus true logit. */
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
