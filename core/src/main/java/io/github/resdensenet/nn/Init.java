package io.github.resdensenet.nn;

import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Random initialisation of weights. */
final class Init {
    private static final ThreadLocal<Boolean> SKIPPED = ThreadLocal.withInitial(() -> false);

    private Init() {}

    /** Runs a constructor that allocates weights and does not initialise them: all of them will be loaded. */
    static <M extends Module> M skipped(Supplier<M> constructor) {
        SKIPPED.set(true);
        try {
            return constructor.get();
        } finally {
            SKIPPED.remove();
        }
    }

    /** A tensor with elements uniform in +-bound, the default of PyTorch's layers. */
    static Tensor uniform(double bound, long... shape) {
        Tensor tensor = torch.empty(shape);
        return SKIPPED.get() ? tensor : tensor.uniform_(-bound, bound, new GeneratorOptional());
    }

    /**
     * Kaiming initialisation with fan_out. Convolutions are normal with standard deviation sqrt(2 / (out k k)), linear
     * weights are normal with standard deviation 0.01, and linear biases are 0. Batch normalisation keeps weight 1 and
     * bias 0.
     */
    static void kaiming(Module root) {
        each(root, (module, generator) -> {
            if (module instanceof Conv2d conv) {
                conv.weight.normal_(0, Math.sqrt(2 / fan(conv.outChannels, conv)), generator);
            } else if (module instanceof Linear linear) {
                linear.weight.normal_(0, 0.01, generator);
                linear.bias.zero_();
            }
        });
    }

    /**
     * Kaiming initialisation with fan_in. Convolutions are normal with standard deviation sqrt(2 / (in k k)), and
     * linear biases are 0. Linear weights keep PyTorch's default initialisation.
     */
    static void kaimingFanIn(Module root) {
        each(root, (module, generator) -> {
            if (module instanceof Conv2d conv) {
                conv.weight.normal_(0, Math.sqrt(2 / fan(conv.inChannels, conv)), generator);
            } else if (module instanceof Linear linear) {
                linear.bias.zero_();
            }
        });
    }

    /** Glorot initialisation, the default of Keras: weights uniform in +-sqrt(6 / (fan_in + fan_out)), biases 0. */
    static void glorot(Module root) {
        each(root, (module, generator) -> {
            if (module instanceof Conv2d conv) {
                double bound = Math.sqrt(6 / (fan(conv.inChannels, conv) + fan(conv.outChannels, conv)));
                conv.weight.uniform_(-bound, bound, generator);
                if (conv.bias != null) {
                    conv.bias.zero_();
                }
            } else if (module instanceof Linear linear) {
                double bound = Math.sqrt(6.0 / (linear.inFeatures + linear.outFeatures));
                linear.weight.uniform_(-bound, bound, generator);
                linear.bias.zero_();
            }
        });
    }

    private static double fan(int channels, Conv2d conv) {
        return (double) channels * conv.kernelSize * conv.kernelSize;
    }

    private static void each(Module root, BiConsumer<Module, GeneratorOptional> draw) {
        if (SKIPPED.get()) {
            return;
        }
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            GeneratorOptional generator = new GeneratorOptional();
            root.walk((path, module) -> draw.accept(module, generator));
        }
    }

    /** Seeds libtorch's default generator, which this class and the constructors of the layers use. */
    static void seed(long seed) {
        torch.manual_seed(seed);
    }
}
