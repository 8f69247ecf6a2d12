package io.github.resdensenet.engine;

import io.github.resdensenet.engine.ShardSum.Node;
import io.github.resdensenet.nn.Trace.Layer.BatchNorm;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;

/**
 * Gradients of the parameters of a batch normalisation. Each shard computes its part, and the parts are added up.
 *
 * <p>With s = 1 / sqrt(variance + eps), normalised value n = (x - mean) s and M values per channel, the gradient of the
 * input is
 *
 * <pre>
 * dx = weight s (dy - (sum dy) / M - n (sum dy n) / M)
 * </pre>
 *
 * <p>The first term is the gradient for constant statistics, which each shard computes alone. The two sums are the
 * gradients of bias and weight, and need all shards. Their terms are linear in x and go to a {@link Correction}.
 */
final class NormalizationGradient implements Combination<double[]>, AutoCloseable {
    /** A range of the input's channels, and the correction of the value that they come from. */
    record Target(Correction correction, int firstChannel) {}

    private final BatchNorm module;
    private final Statistics statistics;
    private final List<Target> targets;
    private final List<FloatPointer> scales = new ArrayList<>();
    private final List<FloatPointer> shifts = new ArrayList<>();

    /**
     * Allocates the gradients of all shards.
     *
     * @param statistics the statistics of the input over the whole batch
     * @param targets receive the terms with the sums; empty if each shard normalises with its own statistics
     */
    NormalizationGradient(BatchNorm module, Statistics statistics, List<Target> targets, int shards) {
        this.module = module;
        this.statistics = statistics;
        this.targets = targets;
        for (int i = 0; i < shards; i++) {
            scales.add(new FloatPointer((long) statistics.channels()).retainReference());
            shifts.add(new FloatPointer((long) statistics.channels()).retainReference());
        }
    }

    /** Receives a shard's gradient of the weight. */
    FloatPointer scale(int shard) {
        return scales.get(shard);
    }

    /** Receives a shard's gradient of the bias. */
    FloatPointer shift(int shard) {
        return shifts.get(shard);
    }

    /** The gradients of weight and bias, one after the other. */
    @Override
    public double[] of(int shard) {
        double[] both = new double[length()];
        for (int c = 0; c < statistics.channels(); c++) {
            both[c] = scales.get(shard).get(c);
            both[statistics.channels() + c] = shifts.get(shard).get(c);
        }
        return both;
    }

    @Override
    public double[] and(double[] left, double[] right) {
        Arrays.setAll(left, i -> left[i] + right[i]);
        return left;
    }

    @Override
    public int length() {
        return 2 * statistics.channels();
    }

    @Override
    public void encode(double[] value, double[] numbers, int at) {
        System.arraycopy(value, 0, numbers, at, value.length);
    }

    @Override
    public double[] decode(double[] numbers, int at, Node node) {
        return Arrays.copyOfRange(numbers, at, at + length());
    }

    @Override
    public void set(double[] batch) {
        int channels = statistics.channels();
        write(batch, 0, module.weight());
        write(batch, channels, module.bias());
        FloatBuffer weight = buffer(module.weight().data_ptr_float());
        for (Target target : targets) {
            for (int i = 0; i < target.correction.channels(); i++) {
                int c = target.firstChannel + i;
                double s = 1 / Math.sqrt(statistics.variance(c) + module.eps());
                double factor = -weight.get(c) * s / statistics.count();
                target.correction.add(i, factor * batch[channels + c], factor * s * batch[c]);
            }
        }
    }

    private void write(double[] gradients, int from, Tensor parameter) {
        FloatBuffer target = buffer(parameter.grad().data_ptr_float());
        for (int c = 0; c < target.capacity(); c++) {
            target.put(c, (float) gradients[from + c]);
        }
    }

    private FloatBuffer buffer(FloatPointer values) {
        return values.capacity(statistics.channels()).asBuffer();
    }

    @Override
    public void close() {
        scales.forEach(FloatPointer::close);
        shifts.forEach(FloatPointer::close);
    }
}
