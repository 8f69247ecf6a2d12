package io.github.resdensenet.testkit;

import io.github.resdensenet.nn.Module;
import java.util.Arrays;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Models and tensors with the same values as in fixtures/model_goldens.py. */
public final class TestModels {
    private TestModels() {}

    /** Sets every parameter and running statistic to the values of {@link #numbers}. */
    public static void fill(Module model) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            model.stateDict().forEach((name, tensor) -> {
                if (name.endsWith("num_batches_tracked")) {
                    return;
                }
                tensor.copy_(AbstractTensor.create(numbers(name, tensor.shape()), tensor.shape()));
            });
        }
    }

    /** Computes the values of a parameter or running statistic with {@link Counter}. */
    public static double[] numbers(String name, long... shape) {
        int count = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        double[] u = Counter.uniform(name, count);
        for (int i = 0; i < u.length; i++) {
            if (shape.length >= 2) {
                u[i] *= Math.sqrt(3.0 * shape[0] / count); // keeps the variance of activations
            } else if (name.endsWith("running_var")) {
                u[i] = 1 + 0.5 * u[i];
            } else if (name.endsWith("weight")) {
                u[i] = 1 + 0.25 * u[i];
            } else {
                u[i] *= 0.25;
            }
        }
        return u;
    }

    /** Returns images [n, 3, height, width] in double precision, with values in [-2, 2). */
    public static Tensor images(String name, int n, int height, int width) {
        double[] u = Counter.uniform(name, n * 3 * height * width);
        for (int i = 0; i < u.length; i++) {
            u[i] *= 2;
        }
        return AbstractTensor.create(u, n, 3, height, width);
    }

    /** Returns the values of a tensor in row-major order. */
    public static double[] values(Tensor tensor) {
        try (PointerScope scope = new PointerScope()) {
            Tensor flat = tensor.detach().to(ScalarType.Double).contiguous();
            double[] values = new double[(int) flat.numel()];
            new DoublePointer(flat.data_ptr()).get(values);
            return values;
        }
    }

    /** Returns the norm, the first and the middle value of a tensor. */
    public static double[] digest(Tensor tensor) {
        double[] values = values(tensor);
        double squares = 0;
        for (double v : values) {
            squares += v * v;
        }
        return new double[] {Math.sqrt(squares), values[0], values[values.length / 2]};
    }
}
