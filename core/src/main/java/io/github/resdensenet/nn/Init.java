package io.github.resdensenet.nn;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.global.torch;

/** How weights start. */
final class Init {
    private Init() {}

    /**
     * Convolutions normal with deviation sqrt(2 / (out k k)) (Kaiming, fan_out, ReLU), linear weights normal with
     * deviation 0.01, linear bias 0; batch normalisation is built with weight 1 and bias 0.
     */
    static void kaiming(Module root) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            GeneratorOptional generator = new GeneratorOptional();
            root.walk((path, module) -> {
                if (module instanceof Conv2d conv) {
                    double fanOut = (double) conv.outChannels * conv.kernelSize * conv.kernelSize;
                    conv.weight.normal_(0, Math.sqrt(2 / fanOut), generator);
                } else if (module instanceof Linear linear) {
                    linear.weight.normal_(0, 0.01, generator);
                    linear.bias.zero_();
                }
            });
        }
    }

    /** Seeds the generator that {@link #kaiming} and the layers' constructors draw from. */
    static void seed(long seed) {
        torch.manual_seed(seed);
    }
}
