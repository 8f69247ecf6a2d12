package io.github.resdensenet.bench;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.train.Engine;
import io.github.resdensenet.util.KeyedRandom;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A training step and an inference of the article's network on 8 images that are in memory already. */
@SuppressWarnings("NullAway.Init") // JMH calls prepare() first
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class StepBenchmark {
    private static final int CLASSES = 3;
    private static final int BATCH = 8;

    /** Height and width of an image. */
    @Param({"64", "224"})
    public int size;

    /** What computes. */
    @Param({"fused", "reference"})
    public String engineName = "";

    private ImageClassifier model;
    private Engine engine;
    private Inference inference;
    private Batch batch;

    /** Makes a network and a batch. */
    @Setup
    public void prepare() {
        Recipe recipe =
                Recipe.defaults().with("data.imageSize", Integer.toString(size)).with("train.engine", engineName);
        NativeSettings.apply(0);
        model = Models.create(recipe.model(), CLASSES, 0);
        engine = Engine.of(recipe, model, List.of(), new Device("cpu"), ProcessGroup.single());
        inference = engine.inference(size);
        KeyedRandom random = KeyedRandom.of(0);
        FloatBuffer pixels = Batch.allocate(BATCH, size);
        for (int i = 0; i < pixels.capacity(); i++) {
            pixels.put(i, (float) random.nextDouble(-2, 2));
        }
        int[] order = IntStream.range(0, BATCH).toArray();
        int[] labels = IntStream.range(0, BATCH).map(i -> i % CLASSES).toArray();
        batch = new Batch(pixels, order, labels, size, () -> {});
    }

    /** Frees them. */
    @TearDown
    public void close() {
        inference.close();
        engine.close();
        model.close();
    }

    /** Forward, loss, backward, AdamW. */
    @Benchmark
    public double step() {
        return engine.step(batch, 1e-3).loss();
    }

    /** Logits of 8 images. */
    @Benchmark
    public float[] infer() {
        return inference.logits(batch.pixels(), BATCH);
    }
}
