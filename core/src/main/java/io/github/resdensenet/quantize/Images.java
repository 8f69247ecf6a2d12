package io.github.resdensenet.quantize;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.data.DataLoader;
import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.data.PixelCache;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.eval.ModelOutputs;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.run.Recipe;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Images of a run in memory, preprocessed for its network. */
final class Images implements AutoCloseable {
    private final List<Sample> samples;
    private final List<String> classes;
    private final double labelSmoothing;
    private final PixelCache pixels;
    private final DataLoader loader;

    Images(List<Sample> samples, Manifest manifest, Recipe recipe, int threads) throws IOException {
        this.samples = samples;
        this.classes = manifest.classes();
        this.labelSmoothing = recipe.train().labelSmoothing();
        pixels = PixelCache.of(samples, manifest.preprocessing(), threads, done -> {});
        loader = new DataLoader(
                pixels,
                samples,
                IntStream.range(0, samples.size()).toArray(),
                manifest.preprocessing().evaluation(),
                DataLoader.Batches.inOrder(
                        recipe.data().batchSize(), recipe.data().loaderThreads()));
    }

    int count() {
        return samples.size();
    }

    void forEachBatch(Consumer<Batch> action) {
        for (Batch batch : loader.epoch(0, 0)) {
            try (batch) {
                action.accept(batch);
            }
        }
    }

    ModelOutputs outputs(Inference inference) {
        return ModelOutputs.of(inference, loader, classes, labelSmoothing, done -> {});
    }

    @Override
    public void close() throws IOException {
        loader.close();
        pixels.close();
    }
}
