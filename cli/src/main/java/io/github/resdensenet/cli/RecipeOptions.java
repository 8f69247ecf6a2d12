package io.github.resdensenet.cli;

import io.github.resdensenet.train.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that change a recipe. */
final class RecipeOptions {
    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "image folder with one folder a class, or fashion3 for the built-in set (default)")
    private @Nullable String data;

    @Option(
            names = "--recipe",
            paramLabel = "default|seed|FILE.yaml",
            description = "what to train and how; seed is the article's own way")
    private String recipe = "default";

    @Option(names = "--model", paramLabel = "M", description = "architecture: resdensenet")
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

    @Option(names = "--precision", paramLabel = "fp32", description = "number format of the computation")
    private @Nullable String precision;

    @Option(names = "--engine", paramLabel = "auto|reference", description = "what computes the training steps")
    private @Nullable String engine;

    @Option(names = "--device", paramLabel = "auto|cpu|cuda", description = "where to compute")
    private @Nullable String device;

    /** Whether pictures were named. */
    boolean hasData() {
        return data != null;
    }

    /** The recipe with every option applied. */
    Recipe resolve() throws IOException {
        Recipe result = Recipe.NAMES.contains(recipe) ? Recipe.builtIn(recipe) : Recipe.read(Path.of(recipe));
        for (String change : set) {
            int equals = change.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("--set must be key=value, got " + change);
            }
            result = result.with(change.substring(0, equals), change.substring(equals + 1));
        }
        result = with(result, "data.path", data == null ? null : quoted(data));
        result = with(result, "model.name", model);
        result = with(result, "train.epochs", epochs);
        result = with(result, "data.batchSize", batchSize);
        result = with(result, "data.imageSize", imageSize);
        result = with(result, "train.lr", lr);
        result = with(result, "train.seed", seed);
        result = with(result, "train.threads", threads);
        result = with(result, "train.precision", precision);
        result = with(result, "train.engine", engine);
        return with(result, "train.device", device);
    }

    private static Recipe with(Recipe recipe, String key, @Nullable String value) {
        return value == null ? recipe : recipe.with(key, value);
    }

    /** A YAML string, whatever is in it. */
    private static String quoted(String text) {
        return "'" + text.replace("'", "''") + "'";
    }
}
