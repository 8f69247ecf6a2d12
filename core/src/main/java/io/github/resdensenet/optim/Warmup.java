package io.github.resdensenet.optim;

/**
 * The learning rate rises linearly during the first epochs, then follows another schedule from its start, which does not
 * learn the losses of the warm-up.
 */
record Warmup(LrSchedule then, int epochs, int done) implements LrSchedule {
    Warmup(LrSchedule then, int epochs) {
        this(then, epochs, 0);
    }

    @Override
    public double at(int epoch, int step) {
        return epoch < epochs ? then.at(0, 0) * (epoch + 1) / (epochs + 1) : then.at(epoch - epochs, step);
    }

    @Override
    public LrSchedule after(double loss) {
        return done < epochs ? new Warmup(then, epochs, done + 1) : new Warmup(then.after(loss), epochs, done);
    }
}
