package io.github.resdensenet.transforms;

import java.util.List;

/**
 * Normalises each channel: (x - mean) / std, where x is 0 to 1.
 *
 * @param mean the means of red, green and blue
 * @param std the standard deviations of red, green and blue; all positive
 */
public record Normalize(List<Double> mean, List<Double> std) {
    /** The mean and standard deviation of ImageNet. */
    public static final Normalize IMAGENET = new Normalize(List.of(0.485, 0.456, 0.406), List.of(0.229, 0.224, 0.225));
    /** Scales to -1 to 1, as Keras does for ResNet50V2: v / 127.5 - 1 for a byte v. */
    public static final Normalize MINUS_ONE_TO_ONE = new Normalize(List.of(0.5, 0.5, 0.5), List.of(0.5, 0.5, 0.5));

    /** Checks that there are three values each and that all standard deviations are positive. */
    public Normalize {
        mean = List.copyOf(mean);
        std = List.copyOf(std);
        if (mean.size() != 3 || std.size() != 3 || std.stream().anyMatch(s -> !(s > 0))) {
            throw new IllegalArgumentException(
                    "normalisation needs 3 means and 3 positive standard deviations, got " + mean + " and " + std);
        }
    }

    /** Returns the normalised value of every byte, {@code table[channel][byte]}, in PyTorch's float32 arithmetic. */
    public float[][] table() {
        float[][] table = new float[3][256];
        for (int c = 0; c < 3; c++) {
            for (int v = 0; v < 256; v++) {
                table[c][v] = (v / 255f - mean.get(c).floatValue()) / std.get(c).floatValue();
            }
        }
        return table;
    }

    @Override
    public String toString() {
        return "Normalize(mean=" + mean + ", std=" + std + ")";
    }
}
