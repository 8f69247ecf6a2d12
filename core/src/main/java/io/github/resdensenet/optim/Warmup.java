package io.github.resdensenet.optim;

/** The learning rate rises linearly during the first epochs, then follows another schedule from its start. */
record Warmup(LrSchedule then, int epochs) implements LrSchedule {
    @Override
    public double at(int epoch, int step) {
        return epoch < epochs ? then.at(0, 0) * (epoch + 1) / (epochs + 1) : then.at(epoch - epochs, step);
    }

    @Override
    public LrSchedule after(double loss) {
        return new Warmup(then.after(loss), epochs);
    }
}
