package io.github.resdensenet.benchmark;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.data.BuiltInData;
import io.github.resdensenet.data.DataLoader;
import io.github.resdensenet.data.EpochOrder;
import io.github.resdensenet.data.ImageFolder;
import io.github.resdensenet.data.PixelCache;
import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.engine.Calibration;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.nn.Precision;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.train.Engine;
import io.github.resdensenet.train.Trainer;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.util.KeyedRandom;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;

/** Measures training and inference speed and peak memory of the model of a recipe. Times are in ms per batch. */
public final class Benchmark {
    private static final int CLASSES = 3;

    private final Recipe recipe;
    private final int steps;
    private final int warmup;
    private final boolean profiling;
    private final int beside;

    /**
     * Creates a benchmark.
     *
     * @param recipe recipe with the model, batch size, image size (0 and auto are 224), engine, precision and threads
     * @param steps number of measured steps
     * @param warmup number of steps before the measured steps
     * @param profiling whether to report the time of each kind of work within a training step
     * @param beside number of busy processes beside which training steps are measured again; 0 for none
     */
    public Benchmark(Recipe recipe, int steps, int warmup, boolean profiling, int beside) {
        if (beside < 0) {
            throw new IllegalArgumentException("--beside must be 0 or more, got " + beside);
        }
        if (steps < 1 || warmup < 0) {
            throw new IllegalArgumentException(
                    "steps must be positive and warmup 0 or more, got " + steps + " and " + warmup);
        }
        Recipe sized = recipe.data().imageSize() <= 0 ? recipe.with("data.imageSize", "224") : recipe;
        this.recipe = Trainer.withPrecision(sized);
        this.steps = steps;
        this.warmup = warmup;
        this.profiling = profiling;
        this.beside = beside;
    }

    /**
     * Measures training steps and inference on one batch of random images in memory.
     *
     * @throws IOException if the busy processes cannot be started
     */
    public Map<String, Object> onTensors() throws IOException {
        int threads = NativeSettings.apply(recipe.train().threads());
        int size = recipe.data().imageSize();
        int n = recipe.data().batchSize();
        try (ImageClassifier model = model(CLASSES);
                Engine engine = engine(model);
                Batch batch = randomBatch(n, size)) {
            double[] train = new double[steps];
            double loss = train(engine, batch, train);
            Map<String, Double> profile = profile(engine, batch);
            double[] infer = infer(inference(engine, model, threads), batch);
            Map<String, Object> result =
                    head(engine.name(), model, threads, recipe.train().precision());
            result.put("loss", loss);
            put(result, "train_ms", train);
            put(result, "infer_ms", infer);
            result.put("peak_rss_mb", peakRssMegabytes());
            if (beside > 0) {
                try (BusyProcesses busy = new BusyProcesses(beside)) {
                    train(engine, batch, train);
                }
                result.put("beside", beside);
                put(result, "train_beside_ms", train);
            }
            if (profiling) {
                result.put("profile_ms", profile);
            }
            return result;
        }
    }

    /**
     * Measures inference in 8 bits on one batch of random images in memory.
     *
     * @throws UnsupportedOperationException if this processor cannot compute in 8 bits
     */
    public Map<String, Object> inInt8() {
        int threads = NativeSettings.apply(recipe.train().threads());
        int size = recipe.data().imageSize();
        try (ImageClassifier model = model(CLASSES);
                Batch batch = randomBatch(recipe.data().batchSize(), size)) {
            model.train(false);
            Calibration calibration = new Calibration(model, size);
            calibration.measure(batch.pixels(), batch.count());
            calibration.count(batch.pixels(), batch.count());
            Inference inference = Inference.quantized(model, size, calibration.quantization(), threads);
            String engine = inference.description();
            double[] infer = infer(inference, batch);
            Map<String, Object> result = head(engine, model, threads, InferencePrecision.INT8);
            put(result, "infer_ms", infer);
            result.put("peak_rss_mb", peakRssMegabytes());
            return result;
        }
    }

    /** Measures inference, after the warm-up, and closes it. */
    private double[] infer(Inference inference, Batch batch) {
        double[] times = new double[steps];
        try (inference) {
            for (int i = -warmup; i < steps; i++) {
                long start = System.nanoTime();
                inference.logits(batch.pixels(), batch.count());
                if (i >= 0) {
                    times[i] = (System.nanoTime() - start) / 1e6;
                }
            }
        }
        return times;
    }

    /** Measures steps, after the warm-up, and returns the last loss. */
    private double train(Engine engine, Batch batch, double[] times) {
        double loss = 0;
        for (int i = -warmup; i < steps; i++) {
            long start = System.nanoTime();
            loss = engine.step(batch, recipe.train().lr()).loss();
            if (i >= 0) {
                times[i] = (System.nanoTime() - start) / 1e6;
            }
        }
        return loss;
    }

    /** The minimum time of each kind of work in ms, in descending order. */
    private Map<String, Double> profile(Engine engine, Batch batch) {
        Map<String, Double> smallest = new HashMap<>();
        for (int i = 0; profiling && i < steps; i++) {
            engine.profile(batch).forEach((kind, ms) -> smallest.merge(kind, ms, Math::min));
        }
        Map<String, Double> sorted = new LinkedHashMap<>();
        smallest.entrySet().stream()
                .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
                .forEach(e -> sorted.put(e.getKey(), round(e.getValue())));
        return sorted;
    }

    /**
     * Measures training steps with data loading: the first epoch, which decodes and resizes every image, and the steps
     * after the first epoch.
     *
     * @throws IOException if the images of the recipe cannot be read
     */
    public Map<String, Object> onData() throws IOException {
        int threads = NativeSettings.apply(recipe.train().threads());
        ImageFolder data = ImageFolder.open(BuiltInData.resolve(recipe.data().path()));
        Preprocessing preprocessing = new Preprocessing(recipe.data().imageSize(), Normalize.IMAGENET);
        long start = System.nanoTime();
        try (PixelCache pixels = PixelCache.of(data.samples(), preprocessing, threads, done -> {});
                ImageClassifier model = model(data.classes().size());
                Engine engine = engine(model);
                DataLoader loader = new DataLoader(
                        pixels,
                        data.samples(),
                        IntStream.range(0, data.samples().size()).toArray(),
                        recipe.augment().over(preprocessing),
                        new DataLoader.Batches(
                                recipe.data().batchSize(),
                                EpochOrder.SHUFFLED,
                                recipe.train().seed(),
                                recipe.data().loaderThreads(),
                                DataLoader.Selection.WHOLE))) {
            double fillSeconds = (System.nanoTime() - start) / 1e9;
            double[] times = new double[steps];
            double loss = 0;
            int done = -warmup;
            double firstEpoch = fillSeconds;
            double waited = 0;
            for (int epoch = 0; done < steps; epoch++) {
                long stepStart = System.nanoTime();
                for (Batch batch : loader.epoch(epoch, 0)) {
                    try (batch) {
                        loss = engine.step(batch, recipe.train().lr()).loss();
                    }
                    double ms = (System.nanoTime() - stepStart) / 1e6;
                    double wait = loader.takeSecondsWaited();
                    if (epoch == 0) {
                        firstEpoch += ms / 1e3;
                    }
                    if (done >= 0 && done < steps) {
                        times[done] = ms;
                        waited += wait;
                    }
                    done++;
                    if (done >= steps && epoch > 0) {
                        break;
                    }
                    stepStart = System.nanoTime();
                }
            }
            Map<String, Object> result =
                    head(engine.name(), model, threads, recipe.train().precision());
            result.put("loss", loss);
            result.put("fill_s", round(fillSeconds));
            result.put("first_epoch_s", round(firstEpoch));
            put(result, "train_ms", times);
            result.put("stall_share", round(waited * 1e3 / Arrays.stream(times).sum()));
            result.put("peak_rss_mb", peakRssMegabytes());
            return result;
        }
    }

    private ImageClassifier model(int classes) {
        return Models.create(recipe.model(), classes, recipe.train().seed());
    }

    /** Inference in the precision of the recipe. */
    private Inference inference(Engine engine, ImageClassifier model, int threads) {
        int size = recipe.data().imageSize();
        return recipe.train().precision() == Precision.BF16
                ? Inference.fused(model, size, InferencePrecision.BF16, threads)
                : engine.inference(size);
    }

    private Engine engine(ImageClassifier model) {
        return Engine.of(recipe, model, List.of(), new Device("cpu"), ProcessGroup.single());
    }

    private static Batch randomBatch(int n, int size) {
        KeyedRandom random = KeyedRandom.of(0);
        FloatBuffer pixels = Batch.allocate(n, size);
        for (int i = 0; i < pixels.capacity(); i++) { // uniform with unit variance
            pixels.put(i, (float) random.nextDouble(-Math.sqrt(3), Math.sqrt(3)));
        }
        int[] labels = IntStream.range(0, n).map(i -> random.nextInt(CLASSES)).toArray();
        return new Batch(pixels, IntStream.range(0, n).toArray(), labels, size, () -> {});
    }

    private Map<String, Object> head(String engine, ImageClassifier model, int threads, Enum<?> precision) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("model", recipe.model().name().toString());
        result.put("engine", engine);
        result.put("batch", recipe.data().batchSize());
        result.put("size", recipe.data().imageSize());
        result.put("threads", threads);
        result.put("precision", precision.toString());
        result.put("params", model.parameterCount());
        return result;
    }

    private static void put(Map<String, Object> result, String name, double[] times) {
        double[] sorted = times.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        result.put(name + "_min", round(sorted[0]));
        result.put(name + "_median", round((sorted[(n - 1) / 2] + sorted[n / 2]) / 2));
    }

    private static double round(double value) {
        return Math.round(value * 1e3) / 1e3;
    }

    /** Peak resident memory of this process in MiB, or -1 if the system does not report it. */
    private static long peakRssMegabytes() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                    .findFirst()
                    .orElse(-1);
        } catch (IOException e) {
            return -1;
        }
    }
}
