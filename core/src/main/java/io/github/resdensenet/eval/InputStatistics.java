package io.github.resdensenet.eval;

import io.github.resdensenet.transforms.Normalize;
import java.nio.FloatBuffer;

/**
 * Statistics of the network's input for one image, over all channels and before normalisation (0 to 1).
 *
 * @param brightness mean
 * @param contrast standard deviation
 * @param sharpness mean absolute difference of horizontal neighbours
 */
record InputStatistics(double brightness, double contrast, double sharpness) {
    /**
     * Computes the statistics.
     *
     * @param input float32 [3, S, S], from position {@code at} on
     * @param size S
     * @param normalize how the input was normalised
     */
    static InputStatistics of(FloatBuffer input, int at, int size, Normalize normalize) {
        double sum = 0;
        double squares = 0;
        double differences = 0;
        int plane = size * size;
        for (int c = 0; c < 3; c++) {
            double mean = normalize.mean().get(c);
            double std = normalize.std().get(c);
            double before = 0;
            for (int i = 0; i < plane; i++) {
                double value = input.get(at + c * plane + i) * std + mean;
                sum += value;
                squares += value * value;
                differences += i % size == 0 ? 0 : Math.abs(value - before);
                before = value;
            }
        }
        double mean = sum / (3 * plane);
        double variance = Math.max(0, squares / (3 * plane) - mean * mean);
        return new InputStatistics(mean, Math.sqrt(variance), differences / (3 * plane));
    }
}
