package io.github.resdensenet.transforms;

import java.util.List;

/** Steps one after the other, ending in {@link ToTensor} and {@link Normalize}. */
public record Compose(List<Transform> steps, ToTensor toTensor, Normalize normalize) {
    /** Keeps its own list. */
    public Compose {
        steps = List.copyOf(steps);
    }

    /** Runs the steps from picture to picture, without the last two. */
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
        return text.append("    ")
                .append(toTensor)
                .append("\n    ")
                .append(normalize)
                .append("\n)")
                .toString();
    }
}
