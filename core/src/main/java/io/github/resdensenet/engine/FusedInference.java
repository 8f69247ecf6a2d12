package io.github.resdensenet.engine;

import io.github.resdensenet.engine.Network.Shape;
import io.github.resdensenet.engine.Workers.Phase;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.nn.NativeSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * Inference with oneDNN plans. Several images are distributed over threads that each compute one image at a time, so
 * that its activations stay in the cache of one processor. A single image is computed by all threads together.
 */
final class FusedInference implements Inference {
    private final Supplier<ImagePlan> compiler;
    private final Runnable update;
    private final Runnable release;
    private final InferencePrecision precision;
    private final int classes;
    private final long imageBytes;
    private final int threads;
    private final ImagePlan allThreads;
    private final List<ImagePlan> singleThreaded = new ArrayList<>();
    private @Nullable Workers workers;

    /**
     * Prepares a model on the CPU for square images.
     *
     * @param imageSize height and width of the images in pixels
     * @param bf16 whether activations and weights are bfloat16 instead of float32
     * @param threads number of compute threads
     * @throws UnsupportedOperationException if the model has an operation without an optimised oneDNN kernel
     */
    FusedInference(ImageClassifier model, int imageSize, boolean bf16, int threads) {
        this(Network.of(model, imageSize), bf16, threads, new PreparedWeights());
    }

    private FusedInference(Network network, boolean bf16, int threads, PreparedWeights weights) {
        this(
                network,
                threads,
                bf16 ? InferencePrecision.BF16 : InferencePrecision.FP32,
                () -> new InferencePlan(network, bf16 ? OneDnn.BF16 : OneDnn.F32, weights),
                weights::update,
                weights::close);
    }

    private FusedInference(
            Network network,
            int threads,
            InferencePrecision precision,
            Supplier<ImagePlan> compiler,
            Runnable update,
            Runnable release) {
        Shape image = network.shape(0);
        this.classes = network.shape(network.output()).channels();
        this.imageBytes = (long) image.channels() * image.height() * image.width() * Float.BYTES;
        this.threads = threads;
        this.precision = precision;
        this.compiler = compiler;
        this.update = update;
        this.release = release;
        try {
            this.allThreads = compiler.get();
        } catch (RuntimeException | LinkageError e) {
            release.run();
            throw e;
        }
    }

    /**
     * Prepares a model on the CPU for square images, in 8 bits.
     *
     * @param imageSize height and width of the images in pixels
     * @param threads number of compute threads
     * @throws UnsupportedOperationException if the processor has no 8-bit dot products, or the model has an operation
     *     without an optimised oneDNN kernel
     */
    static FusedInference quantized(ImageClassifier model, int imageSize, Quantization quantization, int threads) {
        Inference.require(InferencePrecision.INT8);
        Network network = Network.of(model, imageSize);
        quantization.requireFor(network);
        memory.data_type floatType = OneDnn.hasBf16() ? OneDnn.BF16 : OneDnn.F32;
        QuantizedFormats formats = new QuantizedFormats(network, quantization, floatType);
        QuantizedWeights weights = new QuantizedWeights();
        return new FusedInference(
                network,
                threads,
                InferencePrecision.INT8,
                () -> new QuantizedPlan(network, formats, floatType, weights),
                () -> {
                    throw new UnsupportedOperationException("8-bit weights cannot change");
                },
                weights::close);
    }

    @Override
    public float[] logits(Pointer images, int count) {
        float[] logits = new float[count * classes];
        if (count == 1 || threads == 1) {
            for (int i = 0; i < count; i++) {
                allThreads.run(image(images, i), logits, i * classes);
            }
            return logits;
        }
        AtomicInteger next = new AtomicInteger();
        List<Runnable> tasks = new ArrayList<>();
        for (ImagePlan plan : singleThreaded(Math.min(threads, count))) {
            tasks.add(() -> {
                for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                    plan.run(image(images, i), logits, i * classes);
                }
            });
        }
        if (workers == null) {
            workers = new Workers(threads);
        }
        workers.run(List.of(new Phase(tasks, List.of(), () -> {})));
        return logits;
    }

    /** The first plans for one thread; missing plans are compiled. */
    private List<ImagePlan> singleThreaded(int count) {
        while (singleThreaded.size() < count) {
            singleThreaded.add(NativeSettings.onOneThread(compiler));
        }
        return singleThreaded.subList(0, count);
    }

    private Pointer image(Pointer images, int i) {
        return new Program.Address(images.address() + i * imageBytes);
    }

    @Override
    public void update() {
        update.run();
    }

    @Override
    public String description() {
        String numbers = precision == InferencePrecision.FP32 ? "" : ", " + precision;
        return "fused (oneDNN " + OneDnn.version() + numbers + ")";
    }

    @Override
    public void close() {
        if (workers != null) {
            workers.close();
        }
        allThreads.close();
        singleThreaded.forEach(ImagePlan::close);
        release.run();
    }
}
