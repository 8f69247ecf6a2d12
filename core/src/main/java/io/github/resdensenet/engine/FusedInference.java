package io.github.resdensenet.engine;

import io.github.resdensenet.engine.Workers.Phase;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.NativeSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * Inference with oneDNN plans. Several images are distributed over threads that each compute one image at a time, so
 * that its activations stay in the cache of one processor. A single image is computed by all threads together.
 */
final class FusedInference implements Inference {
    private final Network network;
    private final memory.data_type type;
    private final int classes;
    private final long imageBytes;
    private final int threads;
    private final PreparedWeights weights = new PreparedWeights();
    private final InferencePlan allThreads;
    private final List<InferencePlan> singleThreaded = new ArrayList<>();
    private @Nullable Workers workers;

    /**
     * Prepares a model on the CPU for square images.
     *
     * @param imageSize height and width of the images in pixels
     * @param bf16 whether activations and weights are bfloat16 instead of float32
     * @param threads number of compute threads
     * @throws UnsupportedOperationException if the model has an operation without an optimised oneDNN kernel
     */
    public FusedInference(ImageClassifier model, int imageSize, boolean bf16, int threads) {
        this.network = Network.of(model, imageSize);
        this.type = bf16 ? OneDnn.BF16 : OneDnn.F32;
        this.classes = network.shape(network.output()).channels();
        this.imageBytes = 3L * imageSize * imageSize * Float.BYTES;
        this.threads = threads;
        this.allThreads = new InferencePlan(network, type, weights);
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
        for (InferencePlan plan : singleThreaded(Math.min(threads, count))) {
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
    private List<InferencePlan> singleThreaded(int count) {
        while (singleThreaded.size() < count) {
            singleThreaded.add(NativeSettings.onOneThread(() -> new InferencePlan(network, type, weights)));
        }
        return singleThreaded.subList(0, count);
    }

    private Pointer image(Pointer images, int i) {
        return new Program.Address(images.address() + i * imageBytes);
    }

    @Override
    public void update() {
        weights.update();
    }

    @Override
    public String description() {
        return "fused (oneDNN " + OneDnn.version() + ")";
    }

    @Override
    public void close() {
        if (workers != null) {
            workers.close();
        }
        allThreads.close();
        singleThreaded.forEach(InferencePlan::close);
        weights.close();
    }
}
