package io.github.resdensenet.optim;

/**
 * The learning rate is multiplied by gamma when the loss has not fallen for more than {@code patience} epochs. A loss
 * counts as lower if it is lower by 0.01%.
 *
 * @param min smallest learning rate
 * @param best lowest loss so far
 * @param bad epochs since then
 */
record ReduceLrOnPlateau(double lr, double gamma, int patience, double min, double best, int bad)
        implements LrSchedule {
    private static final double THRESHOLD = 1e-4;
    private static final double SMALLEST_CHANGE = 1e-8;

    ReduceLrOnPlateau(double lr, double gamma, int patience, double min) {
        this(lr, gamma, patience, min, Double.POSITIVE_INFINITY, 0);
    }

    @Override
    public double at(int epoch, int step) {
        return lr;
    }

    @Override
    public LrSchedule after(double loss) {
        if (loss < best * (1 - THRESHOLD)) {
            return new ReduceLrOnPlateau(lr, gamma, patience, min, loss, 0);
        }
        if (bad < patience) {
            return new ReduceLrOnPlateau(lr, gamma, patience, min, best, bad + 1);
        }
        double reduced = Math.max(lr * gamma, min);
        return new ReduceLrOnPlateau(lr - reduced > SMALLEST_CHANGE ? reduced : lr, gamma, patience, min, best, 0);
    }
}
