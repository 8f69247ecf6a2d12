package io.github.resdensenet.cli;

import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.run.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options that select and change a recipe. */
final class RecipeOptions {
    @Option(
            names = "--recipe",
            paramLabel = "default|fast|strong|seed|common|FILE.yaml",
            description = {
                "recipe to start from (default: default)",
                "default: each model's own settings, based on the ResDenseNet article",
                "fast: a first result in about a third of the time of default, a little less accurate",
                "strong: more epochs, random crops and averaged weights; takes longer than default",
                "common: the settings of resdensenet for every model",
                "seed: like default, but with the article's protocol: a random 80/20 split, and the best epoch selected"
                        + " on the test set; not related to --seed",
                "FILE.yaml: your own recipe"
            })
    private String recipe = "default";

    @Option(
            names = "--model",
            paramLabel = "M",
            description = "architecture: resdensenet, densenet121 or resnet50v2 (default: resdensenet)")
    private @Nullable String model;

    @Option(
            names = "--set",
            paramLabel = "key=value",
            description =
                    "set one recipe key, e.g. train.weightDecay=0.01; repeatable; configs/default.yaml lists the keys"
                            + " (default: none)")
    private List<String> set = new ArrayList<>();

    @Option(names = "--epochs", paramLabel = "N", description = "passes over the training set (default: 10)")
    private @Nullable String epochs;

    @Option(names = "--batch-size", paramLabel = "N", description = "images per batch (default: 8)")
    private @Nullable String batchSize;

    @Option(
            names = "--lr",
            paramLabel = "X",
            description =
                    "learning rate before the schedule changes it; with schedule onecycle (recipes fast and strong), the"
                            + " largest one (default: 0.001)")
    private @Nullable String lr;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "random seed of the split, initial weights, image order and augmentation (default: 0)")
    private @Nullable String seed;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "number of compute threads of a process (default: one per logical CPU, divided among the"
                    + " processes on this machine; spark-train: spark.task.cpus)")
    private @Nullable String threads;

    @Option(
            names = "--precision",
            paramLabel = "fp32|bf16|auto",
            description = "number format of the activations; auto is bf16 if the processor has it; bf16 needs the"
                    + " fused engine (default: fp32)")
    private @Nullable String precision;

    @Option(
            names = "--engine",
            paramLabel = "auto|fused|reference",
            description = "training engine: fused (oneDNN, CPU only), reference (libtorch autograd), or auto for fused"
                    + " where it is supported (default: auto)")
    private @Nullable String engine;

    @Option(
            names = "--on-bad",
            paramLabel = "fail|skip",
            description = "unreadable images: fail before the first step, or skip them and list them in skipped.csv"
                    + " (default: fail)")
    private @Nullable String onBad;

    @Option(
            names = "--device",
            paramLabel = "auto|cpu|cuda",
            description = "compute device; auto is cuda if available, otherwise cpu (default: auto)")
    private @Nullable String device;

    /** Whether {@code --precision int8} was given. It is for inference only, so it is taken out of the recipe. */
    boolean takeInt8() {
        boolean int8 = InferencePrecision.INT8.toString().equals(precision);
        precision = int8 ? null : precision;
        return int8;
    }

    /** The value of {@code --epochs}; 0 if it was not given. */
    int epochs() {
        if (epochs == null) {
            return 0;
        }
        try {
            int number = Integer.parseInt(epochs);
            if (number < 1) {
                throw new IllegalArgumentException("--epochs must be at least 1, got " + number);
            }
            return number;
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--epochs must be a whole number, got " + epochs, e);
        }
    }

    /** The recipe keys that change when a run is resumed. */
    Map<String, String> changesOnResume() {
        Map<String, String> changes = new LinkedHashMap<>();
        put(changes, "train.epochs", epochs);
        put(changes, "train.threads", threads);
        return changes;
    }

    /**
     * The recipe with all options applied.
     *
     * @param data the value of {@code --data}; null if it was not given
     * @param imageSize the value of {@code --image-size}; null if it was not given
     */
    Recipe resolve(@Nullable Path data, @Nullable String imageSize) throws IOException {
        Map<String, String> changes = changes(set);
        String architecture = model != null ? model : changes.getOrDefault("model.name", "resdensenet");
        Recipe result = Recipe.NAMES.contains(recipe)
                ? Recipe.builtIn(recipe, Architecture.of(architecture))
                : Recipe.read(Path.of(recipe));
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

    /** Parses the values of {@code --set key=value}. */
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
