package io.github.resdensenet.optim;

/** The learning rate is multiplied by gamma every {@code size} epochs. */
record StepLr(double lr, double gamma, int size) implements LrSchedule {
    @Override
    public double at(int epoch, int step) {
        int times = epoch / size;
        return lr * Math.pow(gamma, times);
    }
}
