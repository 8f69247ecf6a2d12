package io.github.resdensenet.engine;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;

/**
 * What the gradient of a value lacks because batch statistics depend on the value: for each channel, constant + factor
 * (x - mean) / sqrt(variance + EPS). All normalisations that read the value contribute, and the sum is added to the
 * gradient once.
 *
 * @see NormalizationGradient
 */
final class Correction implements Runnable, AutoCloseable {
    /** Any small number: it only keeps the root of a variance of 0 away from 0. */
    static final double EPS = 1e-5;

    private final Statistics statistics;
    private final double[] constants;
    private final double[] factors;
    private final FloatPointer constant;
    private final FloatPointer factor;

    /** Allocates the correction of a value with the given statistics. */
    Correction(Statistics statistics) {
        this.statistics = statistics;
        constants = new double[statistics.channels()];
        factors = new double[statistics.channels()];
        constant = new FloatPointer((long) statistics.channels()).retainReference();
        factor = new FloatPointer((long) statistics.channels()).retainReference();
    }

    int channels() {
        return constants.length;
    }

    /** Adds a term toConstant + slope (x - mean) to a channel. */
    void add(int channel, double toConstant, double slope) {
        constants[channel] += toConstant;
        factors[channel] += slope * Math.sqrt(statistics.variance(channel) + EPS);
    }

    FloatPointer mean() {
        return statistics.mean();
    }

    FloatPointer variance() {
        return statistics.variance();
    }

    FloatPointer constant() {
        return constant;
    }

    FloatPointer factor() {
        return factor;
    }

    /** Writes the sums to the memory that primitives read, and starts the next sums at 0. */
    @Override
    public void run() {
        FloatBuffer toConstant = constant.asBuffer();
        FloatBuffer toFactor = factor.asBuffer();
        for (int c = 0; c < constants.length; c++) {
            toConstant.put(c, (float) constants[c]);
            toFactor.put(c, (float) factors[c]);
            constants[c] = 0;
            factors[c] = 0;
        }
    }

    @Override
    public void close() {
        constant.close();
        factor.close();
    }
}
