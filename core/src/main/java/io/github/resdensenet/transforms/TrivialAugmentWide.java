package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;

/**
 * Applies one random operation of random strength (S. Müller and F. Hutter, "TrivialAugment: Tuning-free Yet
 * State-of-the-Art Data Augmentation", 2021), with the operations of torchvision.
 */
record TrivialAugmentWide() implements Transform {
    /** The magnitudes, which do not depend on the size of the image. */
    static final PolicyOp.Space SPACE = new PolicyOp.Space(0.99, 32, 32, 135, 0.99, 6);

    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        return sample(random).apply(image);
    }

    /** Draws the operation. */
    public PolicyOp.Step sample(KeyedRandom random) {
        PolicyOp op = PolicyOp.sample(random);
        return op.with(SPACE.magnitude(op, random.nextInt(PolicyOp.BINS)), random);
    }

    @Override
    public String toString() {
        return "TrivialAugmentWide(num_magnitude_bins=" + PolicyOp.BINS
                + ", interpolation=InterpolationMode.NEAREST, fill=None)";
    }
}
