package io.github.resdensenet.optim;

/**
 * The learning rate rises from lr / 25 to lr in the first part of all steps and falls to lr / 250,000 at the last step,
 * both along half a cosine (L. Smith, N. Topin, "Super-Convergence", 2019), as PyTorch's {@code OneCycleLR} with constant momentum.
 *
 * @param rise fraction of the steps in which it rises
 */
record OneCycleLr(double lr, double rise, int epochs, int stepsPerEpoch) implements LrSchedule {
    private static final double DIVISOR = 25;
    private static final double FINAL_DIVISOR = 1e4;

    @Override
    public double at(int epoch, int step) {
        double last = (double) epochs * stepsPerEpoch - 1;
        double now = Math.min(last, (double) epoch * stepsPerEpoch + step);
        double peak = rise * epochs * stepsPerEpoch - 1;
        double first = lr / DIVISOR;
        return now <= peak
                ? between(first, lr, peak > 0 ? now / peak : 1)
                : between(lr, first / FINAL_DIVISOR, (now - peak) / (last - peak));
    }

    private static double between(double from, double to, double fraction) {
        return to + (from - to) / 2 * (1 + Math.cos(Math.PI * fraction));
    }
}
