package io.github.resdensenet.cli;

import io.github.resdensenet.train.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that change a recipe. */
final class RecipeOptions {
    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "image folder with one folder a class, or fashion3 for the built-in set (default)")
    private @Nullable Path data;

    @Option(
            names = "--recipe",
            paramLabel = "default|seed|common|FILE.yaml",
            description =
                    "what to train and how; default is the model's own training, seed the article's own way, common one"
                            + " training for all models")
    private String recipe = "default";

    @Option(names = "--model", paramLabel = "M", description = "architecture: resdensenet, densenet121 or resnet50v2")
    private @Nullable String model;

    @Option(
            names = "--set",
            paramLabel = "key=value",
            description = "changes one key of the recipe, for instance train.lr=3e-4")
    private List<String> set = new ArrayList<>();

    @Option(names = "--epochs", paramLabel = "N", description = "passes over the training pictures")
    private @Nullable String epochs;

    @Option(names = "--batch-size", paramLabel = "N", description = "pictures a step")
    private @Nullable String batchSize;

    @Option(names = "--image-size", paramLabel = "N", description = "height and width in pixels")
    private @Nullable String imageSize;

    @Option(names = "--lr", paramLabel = "X", description = "learning rate at the start")
    private @Nullable String lr;

    @Option(names = "--seed", paramLabel = "N", description = "key of all randomness")
    private @Nullable String seed;

    @Option(names = "--threads", paramLabel = "N", description = "compute threads (default: one a processor)")
    private @Nullable String threads;

    @Option(names = "--precision", paramLabel = "fp32|bf16", description = "number format of the activations")
    private @Nullable String precision;

    @Option(names = "--engine", paramLabel = "auto|fused|reference", description = "what computes the training steps")
    private @Nullable String engine;

    @Option(
            names = "--on-bad",
            paramLabel = "fail|skip",
            description = "a picture that cannot be read ends the training before it starts, or is left out")
    private @Nullable String onBad;

    @Option(names = "--device", paramLabel = "auto|cpu|cuda", description = "where to compute")
    private @Nullable String device;

    /** Whether pictures were named. */
    boolean hasData() {
        return data != null;
    }

    /** The number of epochs asked for, or 0. */
    int epochs() {
        if (epochs == null) {
            return 0;
        }
        try {
            return Integer.parseInt(epochs);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--epochs must be a whole number, got " + epochs, e);
        }
    }

    /** The recipe with every option applied. */
    Recipe resolve() throws IOException {
        Map<String, String> changes = changes(set);
        String architecture = model != null ? model : changes.getOrDefault("model.name", "resdensenet");
        Recipe result =
                Recipe.NAMES.contains(recipe) ? Recipe.builtIn(recipe, architecture) : Recipe.read(Path.of(recipe));
        put(changes, "model.name", model);
        put(changes, "train.epochs", epochs);
        put(changes, "data.batchSize", batchSize);
        put(changes, "data.imageSize", imageSize);
        put(changes, "train.lr", lr);
        put(changes, "train.seed", seed);
        put(changes, "train.threads", threads);
        put(changes, "train.precision", precision);
        put(changes, "train.engine", engine);
        put(changes, "train.device", device);
        put(changes, "data.onBad", onBad);
        result = result.with(changes);
        return data == null ? result : result.withData(data);
    }

    /** What {@code --set key=value} says, by key. */
    static Map<String, String> changes(List<String> set) {
        Map<String, String> changes = new LinkedHashMap<>();
        for (String change : set) {
            int equals = change.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("--set must be key=value, got " + change);
            }
            changes.put(change.substring(0, equals), change.substring(equals + 1));
        }
        return changes;
    }

    private static void put(Map<String, String> changes, String key, @Nullable String value) {
        if (value != null) {
            changes.put(key, value);
        }
    }
}
