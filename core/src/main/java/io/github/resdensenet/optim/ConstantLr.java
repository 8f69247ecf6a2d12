package io.github.resdensenet.optim;

/** A constant learning rate. */
record ConstantLr(double lr) implements LrSchedule {
    @Override
    public double at(int epoch, int step) {
        return lr;
    }
}
