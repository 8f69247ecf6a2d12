package io.github.resdensenet.cli;

import io.github.resdensenet.run.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a new training starts from: the recipe, the images and the initial weights. */
final class StartOptions {
    @Mixin
    private RecipeOptions recipe = new RecipeOptions();

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "image folder with one subfolder per class, or fashion3 for the built-in images"
                    + " (default: fashion3)")
    private @Nullable Path data;

    @Option(
            names = "--image-size",
            paramLabel = "N|auto",
            description = "image height and width in pixels; auto is a size that fits the images, at most 224 (default:"
                    + " 64 for fashion3; other images: auto, or 224 with recipe seed)")
    private @Nullable String imageSize;

    @Option(
            names = "--init",
            paramLabel = "RUN|FILE.pth|FILE.safetensors|FILE.h5",
            description = "pretrained weights to start from (default: random initialisation)")
    private @Nullable Path init;

    @Option(
            names = "--new-head",
            description = "initialise the head at random instead of from --init, to train on other classes"
                    + " (default: load all layers)")
    private boolean newHead;

    /** The recipe with all options applied. */
    Recipe recipe() throws IOException {
        return recipe.resolve(data, imageSize);
    }

    /** Pretrained weights; null for random initialisation. */
    @Nullable
    Path init() {
        return init;
    }

    /** Whether the head is initialised at random in spite of pretrained weights. */
    boolean newHead() {
        return newHead;
    }

    /** The value of {@code --epochs}; 0 if it was not given. */
    int epochs() {
        return recipe.epochs();
    }

    /** The recipe keys that change when a run is resumed. */
    Map<String, String> changesOnResume() {
        return recipe.changesOnResume();
    }
}
