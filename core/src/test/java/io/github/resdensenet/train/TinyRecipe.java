package io.github.resdensenet.train;

import io.github.resdensenet.run.Recipe;
import java.nio.file.Path;

/** The recipe of a very small network: images of 32 x 32 pixels, 6 images per step, 2 epochs. */
final class TinyRecipe {
    private TinyRecipe() {}

    static Recipe on(Path data) {
        return Recipe.defaults()
                .withData(data)
                .with("model.blockConfig", "[1, 1]")
                .with("model.growthRate", "8")
                .with("model.numInitFeatures", "8")
                .with("data.imageSize", "32")
                .with("data.batchSize", "6")
                .with("train.epochs", "2")
                .with("train.threads", "2");
    }
}
