package io.github.resdensenet.nn;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.testkit.Extent;
import io.github.resdensenet.testkit.TestModels;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** Checks the float32 kernels of this processor, which can be wrong, against the simpler float64 kernels. */
class Conv2dTest {
    /** Every 13th shape by default, all with {@code -Pslow}; both tests then check 1,919 shapes. */
    @Test
    void float32MatchesFloat64ForAnyNumberOfChannels() {
        NativeSettings.apply(2);
        List<String> wrong = new ArrayList<>();
        int every = Extent.of(13, 1);
        int n = 0;
        for (int kernel : new int[] {1, 3}) {
            for (int size : new int[] {1, 2, 7, 16}) {
                for (int batch : new int[] {1, 2, 8}) {
                    for (int in : new int[] {5, 8, 12, 16, 24, 64, 160, 256, 448, 640}) {
                        for (int out : new int[] {5, 8, 12, 32, 48, 64, 128, 256, 512}) {
                            if ((kernel == 1 || in * out < 8000) && n++ % every == 0) {
                                check(new Conv2d(in, out, kernel, 1, kernel / 2), batch, size, wrong);
                            }
                        }
                    }
                }
            }
        }
        for (int out : new int[] {8, 12, 24, 64}) {
            check(new Conv2d(3, out, 7, 2, 3), 2, 64, wrong);
            check(new Conv2d(3, out, 7, 2, 3), 8, 33, wrong);
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void float32MatchesFloat64ForLayersOfResNet50V2() {
        NativeSettings.apply(2);
        List<String> wrong = new ArrayList<>();
        for (int batch : Extent.isFull() ? new int[] {1, 2, 8} : new int[] {2}) {
            for (int size : new int[] {1, 2, 4, 7}) {
                check(new Conv2d(2048, 512, 1), batch, size, wrong);
                check(new Conv2d(512, 2048, 1, 1, 0, true), batch, size, wrong);
                check(new Conv2d(1024, 256, 1), batch, size, wrong);
                check(new Conv2d(256, 1024, 1, 1, 0, true), batch, size, wrong);
                check(new Conv2d(256, 256, 3, 2, 1), batch, size, wrong);
                check(new Conv2d(5, 12, 3, 2, 1, true), batch, size, wrong);
            }
            check(new Conv2d(3, 64, 7, 2, 0, true), batch, 38, wrong);
        }
        assertThat(wrong).isEmpty();
    }

    private static void check(Conv2d conv, int batch, int size, List<String> wrong) {
        try (PointerScope scope = new PointerScope()) {
            Tensor image = torch.randn(batch, conv.inChannels, size, size);
            Tensor[] floats = run(conv, image);
            conv.to(ScalarType.Double);
            Tensor[] doubles = run(conv, image.to(ScalarType.Double));
            String[] names = {"output", "gradient of the input", "gradient of the weight", "gradient of the bias"};
            for (int i = 0; i < names.length; i++) {
                double error = floats[i].sub(doubles[i]).abs().max().item_double();
                double scale = doubles[i].abs().max().item_double();
                if (!(error <= 1e-5 * scale)) {
                    wrong.add("%s, batch %d, %d x %d: %s off by %g of %g"
                            .formatted(conv, batch, size, size, names[i], error, scale));
                }
            }
            conv.close();
        }
    }

    /**
     * Returns the output and the gradients of the input, the weight and the bias. The gradient of the output increases
     * linearly. If the image has three channels, the output replaces the gradient of the input. If there is no bias,
     * the gradient of the weight replaces that of the bias.
     */
    private static Tensor[] run(Conv2d conv, Tensor image) {
        Tensor x = image.detach();
        x.set_requires_grad(conv.inChannels != 3);
        Tensor y = conv.call(x);
        double[] slope = TestModels.values(
                torch.linspace(new org.bytedeco.pytorch.Scalar(-1.0), new org.bytedeco.pytorch.Scalar(2.0), y.numel()));
        Tensor weights =
                org.bytedeco.pytorch.AbstractTensor.create(slope, y.shape()).to(y.scalar_type());
        conv.namedParameters().values().forEach(p -> p.mutable_grad().put(new Tensor()));
        y.mul(weights).sum().backward();
        return new Tensor[] {
            y,
            conv.inChannels == 3 ? y : x.grad(),
            conv.weight.grad().clone(),
            (conv.bias == null ? conv.weight : conv.bias).grad().clone()
        };
    }
}
