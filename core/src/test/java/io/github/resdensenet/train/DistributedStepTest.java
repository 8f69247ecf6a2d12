package io.github.resdensenet.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.checkpoint.TensorData;
import io.github.resdensenet.data.Batch;
import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.distributed.Rendezvous;
import io.github.resdensenet.distributed.Sharding;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.util.KeyedRandom;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Steps by several processes, here as threads that share nothing but the process group. */
class DistributedStepTest {
    private static final int CLASSES = 3;
    private static final int[] BATCHES = {8, 5, 2}; // the last ones have fewer images than some groups have processes

    @TempDir
    private Path folder;

    @ParameterizedTest(name = "{0}, {1} shards, {2}, {3} processes")
    @CsvSource({
        "resdensenet, 4, sync, 2",
        "resdensenet, 4, sync, 3",
        "resdensenet, 4, sync, 4",
        "resdensenet, 7, sync, 3",
        "resdensenet, 4, local, 2",
        "densenet121, 4, sync, 2",
        "resnet50v2, 4, local, 2"
    })
    void weightsAndMomentsAreTheSameBytesForAnyNumberOfProcesses(
            String name, int shards, String batchNorm, int processes) throws Exception {
        Recipe recipe = Recipe.defaults()
                .with(Map.of(
                        "data.batchSize",
                        "8",
                        "data.imageSize",
                        "64",
                        "train.shards",
                        Integer.toString(shards),
                        "train.batchNorm",
                        batchNorm));
        Result alone = train(name, recipe, ProcessGroup.single());
        ExecutorService threads = Executors.newFixedThreadPool(processes);
        try {
            List<Future<Result>> results = new ArrayList<>();
            for (int i = 0; i < processes; i++) {
                Rendezvous place = Rendezvous.ofFile(folder.resolve("store"), i, processes, Duration.ofSeconds(60));
                results.add(threads.submit(() -> {
                    try (ProcessGroup group = place.connect()) {
                        return train(name, recipe, group);
                    }
                }));
            }
            for (Future<Result> future : results) {
                Result result = future.get();
                assertThat(result.losses).isEqualTo(alone.losses);
                assertThat(result.state.keySet().stream()
                                .filter(key -> !result.state.get(key).equals(alone.state.get(key))))
                        .isEmpty();
            }
        } finally {
            threads.shutdown();
        }
    }

    private record Result(List<Double> losses, Map<String, TensorData> state) {}

    private static Result train(String name, Recipe recipe, ProcessGroup group) {
        NativeSettings.apply(1);
        ImageClassifier model;
        synchronized (BATCHES) { // the generator of the weights is one for all threads
            model = Models.create(ModelConfig.of(Architecture.of(name)), CLASSES, 0);
        }
        Sharding sharding = group.sharding(recipe.train().shards());
        List<Double> losses = new ArrayList<>();
        try (FusedEngine engine = new FusedEngine(model, recipe, List.of(), group)) {
            for (int size : BATCHES) {
                try (Batch batch = batch(size, sharding.own(size))) {
                    losses.add(engine.step(batch, 1e-3).loss());
                }
            }
            Map<String, TensorData> state = new HashMap<>(ModelState.of(model));
            state.putAll(engine.optimizer.state().tensors());
            return new Result(losses, state);
        }
    }

    /** The images of a process, with the labels of all images. */
    private static Batch batch(int n, Sharding.Range own) {
        KeyedRandom random = KeyedRandom.of(n);
        FloatBuffer all = Batch.allocate(n, 64);
        for (int i = 0; i < all.capacity(); i++) {
            all.put(i, (float) random.nextDouble(-2, 2));
        }
        int[] labels = IntStream.range(0, n).map(i -> random.nextInt(CLASSES)).toArray();
        FloatBuffer pixels = Batch.allocate(Math.max(1, own.size()), 64);
        int values = 3 * 64 * 64;
        for (int i = 0; i < own.size() * values; i++) {
            pixels.put(i, all.get(own.from() * values + i));
        }
        return new Batch(pixels, IntStream.range(0, n).toArray(), labels, 64, () -> {});
    }
}
