package io.github.resdensenet.train;

import io.github.resdensenet.run.Recipe;

/** A learning rate schedule, with one rate per epoch. */
sealed interface LrSchedule {
    /** Returns the schedule of a recipe. */
    static LrSchedule of(Recipe.Train train) {
        int tMax = train.tMax() > 0 ? train.tMax() : train.epochs() - train.warmupEpochs();
        LrSchedule main = train.schedule() == Recipe.Schedule.CONSTANT
                ? new ConstantLr(train.lr())
                : new CosineAnnealingLr(train.lr(), train.etaMin(), tMax);
        return train.warmupEpochs() == 0 ? main : new Warmup(main, train.warmupEpochs());
    }

    /** Returns the learning rate of an epoch, counted from 0. */
    double at(int epoch);

    /** A constant learning rate. */
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

    /** Rises linearly during the first epochs, then follows another schedule from its start. */
    record Warmup(LrSchedule then, int epochs) implements LrSchedule {
        @Override
        public double at(int epoch) {
            return epoch < epochs ? then.at(0) * (epoch + 1) / (epochs + 1) : then.at(epoch - epochs);
        }
    }
}
