package io.github.resdensenet.explain;

import java.util.Optional;

/**
 * What to explain, and how.
 *
 * @param method the way
 * @param stage number of the stage that the method looks at, or {@link #LAST_STAGE}
 * @param target name of the class to find evidence for; empty for the most probable one
 * @param patch height and width of occlusion's grey patch in pixels of the network's input; 0 for an eighth of it
 * @param stride distance of its places in pixels; 0 for half the patch
 */
public record Request(Method method, int stage, Optional<String> target, int patch, int stride) {
    /** Stands for the stage before the head. */
    public static final int LAST_STAGE = -1;

    /** Checks the sizes. */
    public Request {
        if (patch < 0 || stride < 0) {
            throw new IllegalArgumentException(
                    "patch and stride must be positive, or 0 for the default, got " + patch + " and " + stride);
        }
        if (!method.looksAtStage() && stage != LAST_STAGE) {
            throw new IllegalArgumentException(method.label() + " looks at no stage, got stage " + stage);
        }
        if (method.looksAtStage() && (patch > 0 || stride > 0)) {
            throw new IllegalArgumentException(
                    method.label() + " has no patch, got patch " + patch + " and stride " + stride);
        }
    }

    /** The method's own defaults: the last stage, the most probable class. */
    public static Request of(Method method) {
        return new Request(method, LAST_STAGE, Optional.empty(), 0, 0);
    }

    /** The same at another stage. */
    public Request atStage(int number) {
        return new Request(method, number, target, patch, stride);
    }

    /** The same for a class. */
    public Request forClass(String name) {
        return new Request(method, stage, Optional.of(name), patch, stride);
    }

    /** The same with another patch. */
    public Request withPatch(int size, int distance) {
        return new Request(method, stage, target, size, distance);
    }
}
