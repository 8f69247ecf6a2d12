package io.github.resdensenet.train;

/** The learning rate of each epoch. */
public sealed interface LrSchedule {
    /** The rate in an epoch, counted from 0. */
    double at(int epoch);

    /** Always the same. */
    record ConstantLr(double lr) implements LrSchedule {
        @Override
        public double at(int epoch) {
            return lr;
        }
    }

    /**
     * Half a cosine from lr at epoch 0 to etaMin at epoch tMax: etaMin + (lr - etaMin) (1 + cos(pi epoch / tMax)) / 2
     * (I. Loshchilov, F. Hutter, "SGDR", ICLR 2017).
     */
    record CosineAnnealingLr(double lr, double etaMin, int tMax) implements LrSchedule {
        @Override
        public double at(int epoch) {
            return etaMin + (lr - etaMin) * (1 + Math.cos(Math.PI * epoch / tMax)) / 2;
        }
    }

    /** Rises in equal steps during the first epochs, then follows another schedule from its start. */
    record Warmup(LrSchedule then, int epochs) implements LrSchedule {
        @Override
        public double at(int epoch) {
            return epoch < epochs ? then.at(0) * (epoch + 1) / (epochs + 1) : then.at(epoch - epochs);
        }
    }
}
