package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;
import java.util.ArrayList;
import java.util.List;

/**
 * Applies random operations of the same strength one after the other (E. Cubuk et al., "RandAugment: Practical
 * Automated Data Augmentation with a Reduced Search Space", 2020), with the operations of torchvision.
 *
 * @param numOps number of operations per image, 1 or more
 * @param magnitude strength of all operations, 0 to 30
 */
record RandAugment(int numOps, int magnitude) implements Transform {
    private static final double TRANSLATE = 150.0 / 331;

    /**
     * Checks both ranges.
     *
     * @throws IllegalArgumentException if a value is outside its range
     */
    public RandAugment {
        if (numOps < 1) {
            throw new IllegalArgumentException("augment.policyOps must be 1 or more, got " + numOps);
        }
        if (magnitude < 0 || magnitude >= PolicyOp.BINS) {
            throw new IllegalArgumentException("augment.policyMagnitude must be 0 to 30, got " + magnitude);
        }
    }

    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        return apply(image, sample(random, image.height(), image.width()));
    }

    /** Draws the operations for an image of the given size. */
    public List<PolicyOp.Step> sample(KeyedRandom random, int height, int width) {
        PolicyOp.Space space = space(height, width);
        List<PolicyOp.Step> steps = new ArrayList<>();
        for (int i = 0; i < numOps; i++) {
            PolicyOp op = PolicyOp.sample(random);
            steps.add(op.with(space.magnitude(op, magnitude), random));
        }
        return steps;
    }

    /** Returns the magnitudes for an image of the given size. */
    static PolicyOp.Space space(int height, int width) {
        return new PolicyOp.Space(0.3, TRANSLATE * width, TRANSLATE * height, 30, 0.9, 4);
    }

    /** Applies operations in order. */
    public static RgbImage apply(RgbImage image, List<PolicyOp.Step> steps) {
        RgbImage result = image;
        for (PolicyOp.Step step : steps) {
            result = step.apply(result);
        }
        return result;
    }

    @Override
    public String toString() {
        return "RandAugment(num_ops=" + numOps + ", magnitude=" + magnitude + ", num_magnitude_bins=" + PolicyOp.BINS
                + ", interpolation=InterpolationMode.NEAREST, fill=None)";
    }
}
