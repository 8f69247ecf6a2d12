package io.github.resdensenet.train;

import java.nio.file.Path;

/** A network so small that it trains in no time, on pictures of 32 pixels, six a step. */
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
