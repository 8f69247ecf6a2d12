package io.github.resdensenet.train;

import io.github.resdensenet.data.DataLoader;
import io.github.resdensenet.data.DataLoader.Batches;
import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.data.PixelCache;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.train.TrainingSetup.ImageProgress;
import io.github.resdensenet.transforms.Preprocessing;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.global.torch;

/** Loads the batches of each subset from decoded images. Closing it frees the images. */
final class Loaders implements AutoCloseable {
    private final Recipe recipe;
    private final List<Sample> samples;
    private final Preprocessing preprocessing;
    private final ProcessGroup group;
    private final PixelCache pixels;
    private final PixelCache trainPixels; // larger images if the recipe crops at random
    private final Map<Subset, DataLoader> loaders = new EnumMap<>(Subset.class);
    private final DataLoader own;

    /**
     * Creates the loaders of a training run.
     *
     * @param pixels the images as network input
     * @param group the processes that train together
     * @param progress receives the number of images decoded again, if the recipe crops at random
     */
    Loaders(
            Recipe recipe,
            TrainingData data,
            Preprocessing preprocessing,
            PixelCache pixels,
            ProcessGroup group,
            ImageProgress progress)
            throws IOException {
        this.recipe = recipe;
        this.preprocessing = preprocessing;
        this.group = group;
        this.pixels = pixels;
        samples = data.folder().samples();
        trainPixels = recipe.augment().crops()
                ? PixelCache.forCrops(
                        samples, preprocessing, torch.get_num_threads(), done -> progress.done(done, samples.size()))
                : pixels;
        for (Subset subset : Subset.values()) {
            int[] rows = data.split().rows(subset);
            loaders.put(subset, subset == Subset.TRAIN ? training(rows) : evaluating(rows));
        }
        Subset selecting = recipe.train().selectOn().subset();
        own = evaluating(Validation.part(data.split().rows(selecting), group.rank(), group.size()));
    }

    private DataLoader evaluating(int[] rows) {
        Recipe.Data settings = recipe.data();
        return new DataLoader(
                pixels,
                samples,
                rows,
                preprocessing.evaluation(),
                Batches.inOrder(settings.batchSize(), settings.loaderThreads()));
    }

    private DataLoader training(int[] rows) {
        ImageSizes sizes = ImageSizes.of(recipe);
        return new DataLoader(
                trainPixels,
                samples,
                rows,
                epoch -> recipe.augment().over(preprocessing.withImageSize(sizes.at(epoch))),
                recipe.augment().mixing(),
                new Batches(
                        recipe.data().batchSize(),
                        recipe.data().epochOrder(),
                        recipe.train().seed(),
                        recipe.data().loaderThreads(),
                        (epoch, images) -> epoch < recipe.train().freezeEpochs()
                                ? DataLoader.Selection.WHOLE.of(epoch, images)
                                : group.sharding(recipe.train().shards()).own(images)));
    }

    /** The batches of the training set. */
    DataLoader train() {
        return of(Subset.TRAIN);
    }

    /** The batches of a subset. */
    DataLoader of(Subset subset) {
        return Objects.requireNonNull(loaders.get(subset));
    }

    /** The batches of this process's share of the images that select the best epoch. */
    DataLoader own() {
        return own;
    }

    @Override
    public void close() throws IOException {
        loaders.values().forEach(DataLoader::close);
        own.close();
        trainPixels.close();
        pixels.close();
    }
}
