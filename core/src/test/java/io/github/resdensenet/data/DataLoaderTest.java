package io.github.resdensenet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.testkit.TestImages;
import io.github.resdensenet.transforms.Compose;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.transforms.Preprocessing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataLoaderTest {
    private final Preprocessing preprocessing = new Preprocessing(16, Normalize.IMAGENET);
    private final Compose augmenting = Recipe.defaults().augment().over(preprocessing);

    @TempDir
    private Path root;

    private ImageFolder data;

    @BeforeEach
    void makeImages() throws Exception {
        data = ImageFolder.open(TestImages.folder(root, 10, 20, "a", "b"));
    }

    private PixelCache cache(long memory) throws Exception {
        PixelCache cache = PixelCache.ofReadable(data.samples(), preprocessing, 2, done -> {}, memory);
        cache.requireAll();
        return cache;
    }

    private DataLoader loader(PixelCache cache, Compose transform, int batch, boolean shuffle, int threads) {
        int[] rows = IntStream.range(0, data.samples().size()).toArray();
        EpochOrder order = shuffle ? EpochOrder.SHUFFLED : EpochOrder.SEQUENTIAL;
        return new DataLoader(
                cache,
                data.samples(),
                rows,
                transform,
                new DataLoader.Batches(batch, order, 42, threads, DataLoader.Selection.WHOLE));
    }

    /** Every value and label of some epochs. */
    private static List<String> everything(DataLoader loader, int... epochs) {
        List<String> all = new ArrayList<>();
        for (int epoch : epochs) {
            for (Batch batch : loader.epoch(epoch, 0)) {
                try (batch;
                        PointerScope scope = new PointerScope()) {
                    Tensor images = batch.images().contiguous();
                    float[] values = new float[(int) images.numel()];
                    new FloatPointer(images.data_ptr()).get(values);
                    List<Integer> labels = new ArrayList<>();
                    List<Integer> samples = new ArrayList<>();
                    for (int i = 0; i < batch.count(); i++) {
                        labels.add(batch.labels()[i]);
                        samples.add(batch.indices()[i]);
                    }
                    all.add(samples + " " + labels + " " + Arrays.hashCode(values));
                    batch.close(); // and again by the try statement: the buffer must be used again only once
                }
            }
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void numberOfThreadsDoesNotChangeBatches(int threads) throws Exception {
        try (PixelCache cache = cache(Long.MAX_VALUE);
                DataLoader alone = loader(cache, augmenting, 3, true, 0);
                DataLoader parallel = loader(cache, augmenting, 3, true, threads)) {
            assertThat(everything(parallel, 0, 1, 2))
                    .isEqualTo(everything(alone, 0, 1, 2))
                    .hasSize(21);
        }
    }

    @Test
    void rejectsBatchesLargerThanABuffer() {
        assertThatThrownBy(() -> Batch.allocate(7200, 224))
                .hasMessage("a batch has at most 3566 images of 224 x 224 pixels, got 7200");
    }

    @Test
    void everyEpochHasEverySampleOnceInItsOwnOrder() throws Exception {
        try (PixelCache cache = cache(Long.MAX_VALUE);
                DataLoader loader = loader(cache, augmenting, 3, true, 1)) {
            Set<List<Integer>> orders = new HashSet<>();
            for (int epoch = 0; epoch < 5; epoch++) {
                int[] order = loader.order(epoch);
                orders.add(Arrays.stream(order).boxed().toList());
                assertThat(Arrays.stream(order).sorted().toArray())
                        .isEqualTo(IntStream.range(0, 20).toArray());
            }
            assertThat(orders).hasSize(5);
        }
    }

    @Test
    void augmentationDependsOnEpochButNotOnOrder() throws Exception {
        try (PixelCache cache = cache(Long.MAX_VALUE);
                DataLoader inOrder = loader(cache, augmenting, 1, false, 0);
                DataLoader shuffled = loader(cache, augmenting, 1, true, 0)) {
            assertThat(everything(shuffled, 3)).containsExactlyInAnyOrderElementsOf(everything(inOrder, 3));
            assertThat(everything(inOrder, 3)).isNotEqualTo(everything(inOrder, 4));
        }
    }

    @Test
    void cacheInFileGivesSameBatchesAsCacheInMemory() throws Exception {
        try (PixelCache memory = cache(Long.MAX_VALUE);
                PixelCache file = cache(0);
                DataLoader a = loader(memory, augmenting, 4, true, 1);
                DataLoader b = loader(file, augmenting, 4, true, 1)) {
            assertThat(everything(b, 0, 1)).isEqualTo(everything(a, 0, 1));
        }
    }

    @Test
    void namesEveryUnreadableImage() throws Exception {
        Files.writeString(root.resolve("a/003.png"), "not an image");
        byte[] png = Files.readAllBytes(root.resolve("b/004.png"));
        Files.write(root.resolve("b/004.png"), Arrays.copyOf(png, png.length / 2));
        assertThatThrownBy(() -> cache(0))
                .isInstanceOf(UnreadableImages.class)
                .hasMessageContaining("2 images cannot be read")
                .hasMessageContaining(root.resolve("a/003.png") + ": not an image in a supported format")
                .hasMessageContaining(root.resolve("b/004.png") + ": truncated");
    }
}
