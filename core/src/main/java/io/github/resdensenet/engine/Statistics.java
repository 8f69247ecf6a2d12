package io.github.resdensenet.engine;

import io.github.resdensenet.nn.Trace.Layer.BatchNorm;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.Tensor;

/** Mean and biased variance of each channel of a value, in memory that primitives read. */
final class Statistics implements AutoCloseable {
    private final FloatPointer mean;
    private final FloatPointer variance;
    private final FloatBuffer means;
    private final FloatBuffer variances;
    private final long count;

    /**
     * Allocates statistics that are computed later.
     *
     * @param count number of values per channel
     */
    Statistics(int channels, long count) {
        this.mean = new FloatPointer((long) channels).retainReference();
        this.variance = new FloatPointer((long) channels).retainReference();
        this.means = mean.asBuffer();
        this.variances = variance.asBuffer();
        this.count = count;
    }

    FloatPointer mean() {
        return mean;
    }

    FloatPointer variance() {
        return variance;
    }

    int channels() {
        return means.capacity();
    }

    /** Number of values per channel. */
    long count() {
        return count;
    }

    float variance(int channel) {
        return variances.get(channel);
    }

    void set(Moments moments) {
        for (int c = 0; c < channels(); c++) {
            means.put(c, (float) moments.means()[c]);
            variances.put(c, (float) (moments.squares()[c] / moments.count()));
        }
    }

    /** Copies the statistics of some channels to the channels that start at {@code at}. */
    void copy(Statistics part, int at) {
        means.put(at, part.means, 0, part.channels());
        variances.put(at, part.variances, 0, part.channels());
    }

    /** Updates the running statistics of a normalisation with these, as PyTorch does. */
    void updateRunning(BatchNorm module) {
        mix(module.runningMean(), means, module.momentum(), 1);
        double bessel = (double) count / (count - 1);
        mix(module.runningVar(), variances, module.momentum(), bessel);
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
