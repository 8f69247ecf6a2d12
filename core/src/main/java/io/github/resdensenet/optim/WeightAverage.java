package io.github.resdensenet.optim;

import static io.github.resdensenet.optim.UpdateRule.slice;

import io.github.resdensenet.nn.ImageClassifier;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * An exponential moving average of parameters and running statistics, as PyTorch's {@code AveragedModel} with {@code
 * get_ema_multi_avg_fn} and {@code use_buffers}: average = average + (1 - decay) (value - average). The first average is
 * the value itself.
 */
final class WeightAverage implements AutoCloseable {
    private final double decay;
    private final Tensor values;
    private final Tensor average;
    private final Map<String, Averaged> statistics = new LinkedHashMap<>();

    /** A running statistic of the model, and its average. */
    private record Averaged(Tensor value, Tensor average) {}

    WeightAverage(ImageClassifier model, Tensor values, double decay) {
        this.decay = decay;
        this.values = values;
        try (NoGradGuard noGrad = new NoGradGuard()) {
            average = torch.zeros_like(values);
            model.stateDict().forEach((name, tensor) -> {
                if (!model.namedParameters().containsKey(name) && tensor.is_floating_point()) {
                    statistics.put(name, new Averaged(tensor, torch.zeros_like(tensor)));
                }
            });
        }
    }

    /**
     * Adds the current values to the average.
     *
     * @param first whether it is the first time
     */
    void update(boolean first, Optimizer.Division division) {
        Scalar weight = new Scalar(first ? 1 : 1 - decay);
        division.compute(0, values.numel(), (from, to) -> {
            try (PointerScope scope = new PointerScope();
                    NoGradGuard noGrad = new NoGradGuard()) {
                slice(average, from, to).lerp_(slice(values, from, to), weight);
            }
        });
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            statistics.values().forEach(s -> s.average.lerp_(s.value, weight));
        }
    }

    /** Exchanges the model's values with the averages. */
    void swap() {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            swap(values, average);
            statistics.values().forEach(s -> swap(s.value, s.average));
        }
    }

    private static void swap(Tensor a, Tensor b) {
        Tensor copy = a.clone();
        a.copy_(b);
        b.copy_(copy);
    }

    /** The averages: of the parameters by the layout of their block, and of the statistics. */
    Map<String, Tensor> tensors(Layout layout) {
        Map<String, Tensor> tensors = new LinkedHashMap<>(layout.views(average));
        statistics.forEach((name, s) -> tensors.put(name, s.average));
        return tensors;
    }

    /** The block of the averaged parameters. */
    Tensor block() {
        return average;
    }

    @Override
    public void close() {
        average.close();
        statistics.values().forEach(s -> s.average.close());
    }
}
