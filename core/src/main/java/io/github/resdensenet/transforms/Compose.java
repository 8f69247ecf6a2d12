package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.transforms.RandomErasing.Region;
import io.github.resdensenet.util.KeyedRandom;
import java.util.List;
import java.util.Optional;

/** Applies several transforms in order, followed by ToTensor, {@link Normalize} and, if wanted, {@link RandomErasing}. */
public final class Compose {
    private final List<Transform> steps;
    private final int imageSize;
    private final Normalize normalize;
    private final Optional<RandomErasing> erasing;

    Compose(List<Transform> steps, int imageSize, Normalize normalize, Optional<RandomErasing> erasing) {
        this.steps = List.copyOf(steps);
        this.imageSize = imageSize;
        this.normalize = normalize;
        this.erasing = erasing;
    }

    /** Height and width of the transformed images in pixels. */
    public int imageSize() {
        return imageSize;
    }

    /** The channel statistics of {@link Normalize}. */
    public Normalize normalize() {
        return normalize;
    }

    /** Applies the transforms on images, without ToTensor and Normalize. */
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        RgbImage result = image;
        for (Transform step : steps) {
            result = step.apply(result, random);
        }
        return result;
    }

    /** Draws the region of the normalised image that becomes 0, after {@link #apply} with the same source of randomness. */
    public Optional<Region> erased(RgbImage image, KeyedRandom random) {
        return erasing.flatMap(e -> e.sample(random, image.height(), image.width()));
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("Compose(\n");
        steps.forEach(step -> text.append("    ").append(step).append('\n'));
        text.append("    ToTensor()\n    ").append(normalize).append('\n');
        erasing.ifPresent(e -> text.append("    ").append(e).append('\n'));
        return text.append(')').toString();
    }
}
