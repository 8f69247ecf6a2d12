package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;
import java.util.List;

/** Applies several transforms in order, followed by ToTensor and {@link Normalize}. */
public final class Compose {
    private final List<Transform> steps;
    private final Normalize normalize;

    Compose(List<Transform> steps, Normalize normalize) {
        this.steps = List.copyOf(steps);
        this.normalize = normalize;
    }

    /** The channel statistics of the last step. */
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

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("Compose(\n");
        steps.forEach(step -> text.append("    ").append(step).append('\n'));
        return text.append("    ToTensor()\n    ")
                .append(normalize)
                .append("\n)")
                .toString();
    }
}
