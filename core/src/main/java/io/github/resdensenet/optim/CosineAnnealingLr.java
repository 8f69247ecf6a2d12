package io.github.resdensenet.optim;

/**
 * Half a cosine from lr at epoch 0 to etaMin at epoch tMax: etaMin + (lr - etaMin) (1 + cos(pi epoch / tMax)) / 2
 * (I. Loshchilov, F. Hutter, "SGDR", ICLR 2017).
 */
record CosineAnnealingLr(double lr, double etaMin, int tMax) implements LrSchedule {
    @Override
    public double at(int epoch, int step) {
        return etaMin + (lr - etaMin) * (1 + Math.cos(Math.PI * epoch / tMax)) / 2;
    }
}
