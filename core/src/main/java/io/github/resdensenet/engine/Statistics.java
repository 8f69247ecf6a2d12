package io.github.resdensenet.engine;

import io.github.resdensenet.nn.Trace.Layer.BatchNorm;
import java.nio.FloatBuffer;
import java.util.function.IntUnaryOperator;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;

/**
 * Batch statistics of a value: mean and biased variance of each channel over all images and pixels. All normalisations
 * that read the value share them.
 */
final class Statistics implements AutoCloseable {
    private final FloatPointer mean;
    private final FloatPointer variance;
    private final long count;

    /**
     * Allocates statistics that are computed later.
     *
     * @param count number of values per channel
     */
    Statistics(int channels, long count) {
        this.mean = new FloatPointer((long) channels).retainReference();
        this.variance = new FloatPointer((long) channels).retainReference();
        this.count = count;
    }

    Pointer mean() {
        return mean;
    }

    Pointer variance() {
        return variance;
    }

    /**
     * Combines the statistics of parts of equal size of each channel.
     *
     * @param parts the statistics of part p of channel c, at index {@code first.applyAsInt(c) + p * stride}
     * @param count number of parts per channel
     */
    void join(Statistics parts, IntUnaryOperator first, int stride, int count) {
        float[] partMean = Natives.values(parts.mean);
        float[] partVariance = Natives.values(parts.variance);
        for (int c = 0; c < channels(); c++) {
            int from = first.applyAsInt(c);
            double sum = 0;
            for (int p = 0; p < count; p++) {
                sum += partMean[from + p * stride];
            }
            double m = sum / count;
            double squares = 0;
            for (int p = 0; p < count; p++) {
                double deviation = partMean[from + p * stride] - m;
                squares += partVariance[from + p * stride] + deviation * deviation;
            }
            mean.put(c, (float) m);
            variance.put(c, (float) (squares / count));
        }
    }

    /** Copies the statistics of some channels to the channels that start at {@code at}. */
    void copy(Statistics part, long at) {
        long bytes = part.mean.capacity() * Float.BYTES;
        Pointer.memcpy(mean.getPointer(at), part.mean, bytes);
        Pointer.memcpy(variance.getPointer(at), part.variance, bytes);
    }

    long channels() {
        return mean.capacity();
    }

    /** Updates the running statistics of a normalisation with these, as PyTorch does. */
    void updateRunning(BatchNorm module) {
        mix(module.runningMean(), mean.asBuffer(), module.momentum(), 1);
        double bessel = (double) count / (count - 1);
        mix(module.runningVar(), variance.asBuffer(), module.momentum(), bessel);
        LongPointer batches = module.batches().data_ptr_long();
        batches.put(batches.get() + 1);
    }

    private static void mix(Tensor running, FloatBuffer batch, double momentum, double factor) {
        FloatBuffer values = running.data_ptr_float().capacity(batch.capacity()).asBuffer();
        for (int c = 0; c < batch.capacity(); c++) {
            double updated = values.get(c) * (1 - momentum) + momentum * factor * batch.get(c);
            values.put(c, (float) updated);
        }
    }

    @Override
    public void close() {
        mean.close();
        variance.close();
    }
}
