package io.github.resdensenet.cli;

import io.github.resdensenet.train.Recipe;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The options that name a model and its size. */
final class ModelOptions {
    @Option(
            names = "--model",
            paramLabel = "M",
            description = "architecture: resdensenet (default), densenet121 or resnet50v2")
    private String model = "resdensenet";

    @Option(names = "--image-size", paramLabel = "N", description = "height and width of its input (default: 224)")
    private int imageSize = 224;

    @Option(
            names = "--set",
            paramLabel = "model.key=value",
            description = "changes a size, for instance model.growthRate=12")
    private List<String> set = new ArrayList<>();

    /** The architecture's name. */
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
