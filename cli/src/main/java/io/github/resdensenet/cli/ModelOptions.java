package io.github.resdensenet.cli;

import io.github.resdensenet.run.Recipe;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Options that select a model and its input size. */
final class ModelOptions {
    @Option(
            names = "--model",
            paramLabel = "M",
            description = "architecture: resdensenet, densenet121 or resnet50v2 (default: resdensenet)")
    private String model = "resdensenet";

    @Option(
            names = "--image-size",
            paramLabel = "N",
            description = "height and width of the input in pixels (default: 224)")
    private int imageSize = 224;

    @Option(
            names = "--set",
            paramLabel = "model.key=value",
            description = "change one model setting, e.g. model.growthRate=12; repeatable (default: none)")
    private List<String> set = new ArrayList<>();

    /** The name of the architecture. */
    String name() {
        return model;
    }

    /** Height and width of the input in pixels. */
    int imageSize() {
        return imageSize;
    }

    /** The default recipe with this model. */
    Recipe recipe() {
        Recipe recipe = Recipe.defaults().with("model.name", model);
        for (String change : set) {
            int equals = change.indexOf('=');
            if (!change.startsWith("model.") || equals < 0) {
                throw new IllegalArgumentException("--set must be model.key=value, got " + change);
            }
            recipe = recipe.with(change.substring(0, equals), change.substring(equals + 1));
        }
        return recipe;
    }
}
