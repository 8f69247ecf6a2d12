package io.github.resdensenet.nn;

/** Between two stages: [N, in, H, W] to [N, out, H/2, W/2]. */
final class Transition extends Sequential {
    Transition(int inChannels, int outChannels) {
        register("bn", new BatchNorm2d(inChannels));
        register("relu", new ReLU());
        register("conv", new Conv2d(inChannels, outChannels, 1));
        register("pool", new AvgPool2d(2));
    }
}
