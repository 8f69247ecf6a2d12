package io.github.resdensenet.engine;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.NativeSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.Pointer;

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
    private final List<Worker> workers = new ArrayList<>();
    private final InferencePlan allThreads;

    /** A single-threaded executor with its own plan. */
    private static final class Worker {
        final ExecutorService thread;
        final InferencePlan plan;

        Worker(int number, Network network, memory.data_type type, PreparedWeights weights) {
            thread = Executors.newSingleThreadExecutor(task -> {
                Thread worker = new Thread(task, "inference-" + number);
                worker.setDaemon(true);
                return worker;
            });
            plan = CompletableFuture.supplyAsync(
                            () -> {
                                NativeSettings.useOneThreadHere();
                                return new InferencePlan(network, type, weights);
                            },
                            thread)
                    .join();
        }
    }

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
        int used = Math.min(threads, count);
        while (workers.size() < used) {
            workers.add(new Worker(workers.size(), network, type, weights));
            NativeSettings.apply(threads);
        }
        AtomicInteger next = new AtomicInteger();
        CompletableFuture<?>[] running = new CompletableFuture<?>[used];
        for (int w = 0; w < used; w++) {
            Worker worker = workers.get(w);
            running[w] = CompletableFuture.runAsync(
                    () -> {
                        for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                            worker.plan.run(image(images, i), logits, i * classes);
                        }
                    },
                    worker.thread);
        }
        CompletableFuture.allOf(running).join();
        return logits;
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
        allThreads.close();
        for (Worker worker : workers) {
            worker.thread.shutdown();
            worker.plan.close();
        }
        weights.close();
    }
}
