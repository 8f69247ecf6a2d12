package io.github.resdensenet.optim;

import io.github.resdensenet.run.Recipe;

/** A learning rate schedule. */
public interface LrSchedule {
    /**
     * Returns the schedule of a recipe.
     *
     * @param stepsPerEpoch optimiser steps in an epoch
     */
    static LrSchedule of(Recipe.Train train, int stepsPerEpoch) {
        int tMax = train.tMax() > 0 ? train.tMax() : train.epochs() - train.warmupEpochs();
        LrSchedule main = switch (train.schedule()) {
            case CONSTANT -> new ConstantLr(train.lr());
            case COSINE -> new CosineAnnealingLr(train.lr(), train.etaMin(), tMax);
            case STEP -> new StepLr(train.lr(), train.gamma(), train.stepSize());
            case PLATEAU -> new ReduceLrOnPlateau(train.lr(), train.gamma(), train.plateauPatience(), train.etaMin());
            case ONECYCLE -> new OneCycleLr(train.lr(), train.pctStart(), train.epochs(), stepsPerEpoch);
        };
        return train.warmupEpochs() == 0 ? main : new Warmup(main, train.warmupEpochs());
    }

    /**
     * Returns the learning rate of a step.
     *
     * @param epoch from 0
     * @param step optimiser step within the epoch, from 0
     */
    double at(int epoch, int step);

    /**
     * Returns the schedule for the following epochs.
     *
     * @param loss loss of the last epoch on the subset that selects the best epoch
     */
    default LrSchedule after(double loss) {
        return this;
    }
}
