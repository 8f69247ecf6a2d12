package io.github.resdensenet.eval;

/** The mean of the logits of several views of an image. */
public final class MeanLogits {
    private final double[] sums;
    private int views;

    /** Starts without views. */
    public MeanLogits(int classes) {
        sums = new double[classes];
    }

    /**
     * Adds a view.
     *
     * @param logits logits of several views, one row per view with one value per class
     * @param row the row of this view
     */
    public void add(float[] logits, int row) {
        for (int c = 0; c < sums.length; c++) {
            double logit = logits[row * sums.length + c];
            sums[c] = views == 0 ? logit : sums[c] + logit; // 0 + -0 would be 0
        }
        views++;
    }

    /** Returns the mean logit per class. */
    public double[] mean() {
        double[] mean = new double[sums.length];
        for (int c = 0; c < mean.length; c++) {
            mean[c] = sums[c] / views;
        }
        return mean;
    }
}
