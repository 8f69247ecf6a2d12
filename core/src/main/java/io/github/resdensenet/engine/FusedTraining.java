package io.github.resdensenet.engine;

import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.nn.Targets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.Pointer;

/**
 * Forward pass, loss and backward pass of a model with oneDNN. A plan is compiled for each image size and batch
 * size on first use.
 *
 * <p>The plans read the model's tensors directly and write the gradients into {@code grad()} of its parameters. The
 * gradients must be allocated and contiguous, and neither tensors nor gradients may be moved. Not thread-safe.
 */
public final class FusedTraining implements AutoCloseable {
    private final ImageClassifier model;
    private final memory.data_type type;
    private final CrossEntropy loss;
    private final boolean sync;
    private final List<Workspace> workspaces;
    private final Map<Integer, Sized> sizes = new HashMap<>();
    private final Workers workers;
    private final ProcessGroup group;
    private final int shards;
    private final ExecutorService sender = Executors.newSingleThreadExecutor(FusedTraining::senderThread);

    /** The network for one image size, with its weights and a plan for each batch size. */
    private record Sized(Network network, PreparedWeights weights, Map<Integer, TrainingPlan> plans) {}

    /**
     * Prepares a model on the CPU for square images.
     *
     * @param bf16 whether activations, and the weights that multiply them, are bfloat16 instead of float32
     * @param labelSmoothing fraction of the target that is spread over all classes, 0 to below 1
     * @param classWeights the weight of each class in the loss; empty if all have weight 1
     * @param shards number of shards of a batch; it decides the last bits of the weights
     * @param sync whether batch normalisation is over the whole batch, not over each shard
     * @param threads number of compute threads; it changes no bit
     * @param group the processes that compute a batch together; their number changes no bit
     */
    public FusedTraining(
            ImageClassifier model,
            boolean bf16,
            double labelSmoothing,
            List<Double> classWeights,
            int shards,
            boolean sync,
            int threads,
            ProcessGroup group) {
        this.model = model;
        this.type = bf16 ? OneDnn.BF16 : OneDnn.F32;
        this.loss = new CrossEntropy(labelSmoothing, List.copyOf(classWeights));
        this.sync = sync;
        this.group = group;
        this.shards = shards;
        int own = (shards + group.size() - 1) / group.size();
        this.workspaces = Stream.generate(Workspace::new).limit(own + 1).toList();
        if (group.size() > 1) {
            CompletableFuture.runAsync(NativeSettings::useOneThreadHere, sender)
                    .join(); // the workers restore the number
        }
        this.workers = new Workers(Math.min(threads, own));
    }

    private static Thread senderThread(Runnable work) {
        Thread thread = new Thread(work, "gradient-sender");
        thread.setDaemon(true);
        return thread;
    }

    /** The version of the oneDNN library, for example "3.11.0". */
    public static String libraryVersion() {
        return OneDnn.version();
    }

    /** Whether this processor has instructions for bf16. Without them, bf16 is slow or not possible. */
    public static boolean isBf16Fast() {
        try {
            return OneDnn.hasBf16();
        } catch (LinkageError e) { // no oneDNN for this machine
            return false;
        }
    }

    /** Describes the fused engine on this machine, or why it cannot be used. */
    public static String describe() {
        try {
            return "fused: static plans of oneDNN " + OneDnn.version() + ", " + OneDnn.instructionSet();
        } catch (LinkageError e) {
            return "reference: libtorch autograd, because oneDNN cannot be loaded: " + e.getMessage();
        }
    }

    /**
     * Compiles the plan for a batch size. You do not need to call this: {@link #pass} compiles a missing plan.
     *
     * @param imageSize height and width of the images in pixels
     * @throws UnsupportedOperationException if oneDNN has no optimised kernel for an operation on this processor
     */
    public void prepare(int imageSize, int batch) {
        plan(imageSize, batch);
    }

    private TrainingPlan plan(int imageSize, int batch) {
        Sized sized = sizes.computeIfAbsent(
                imageSize, size -> new Sized(Network.of(model, size), new PreparedWeights(), new HashMap<>()));
        return sized.plans.computeIfAbsent(batch, n -> {
            try {
                Team team = new Team(group, shards, n);
                return NativeSettings.onOneThread(
                        () -> new TrainingPlan(sized.network, team, type, sync, sized.weights, workspaces, sender));
            } catch (UnsupportedOperationException e) {
                throw e;
            } catch (RuntimeException e) { // oneDNN throws this if it has no kernel at all
                throw new UnsupportedOperationException(
                        "oneDNN has no kernels for " + (type == OneDnn.BF16 ? "bf16" : "fp32") + " on this processor ("
                                + OneDnn.instructionSet() + ")",
                        e);
            }
        });
    }

    /**
     * Runs one pass in training mode. It overwrites the gradients with those of this batch and updates the running
     * statistics.
     *
     * @param images the images of this process, float32 [N, 3, H, W]
     * @param imageSize height and width of the images in pixels
     * @param targets the classes of all images of the batch
     * @throws io.github.resdensenet.distributed.LostProcessException if another process is lost
     */
    public Pass pass(Pointer images, int imageSize, Targets targets) {
        return plan(imageSize, targets.labels().length).pass(images, targets, loss, workers);
    }

    /**
     * Divides a range among the compute threads, and returns when all parts are computed. For each part, libtorch uses
     * one thread. Parts start at multiples of 16 elements from {@code from}.
     *
     * @param part receives the first element of a part and the end of its range
     */
    public void divide(long from, long to, BiConsumer<Long, Long> part) {
        int parts = workers.count();
        long vectors = (to - from + 15) / 16;
        List<Runnable> tasks = new ArrayList<>();
        for (int i = 0; i < parts; i++) {
            long start = from + vectors * i / parts * 16;
            long end = Math.min(to, from + vectors * (i + 1) / parts * 16);
            if (start < end) {
                tasks.add(() -> part.accept(start, end));
            }
        }
        if (!tasks.isEmpty()) {
            workers.run(List.of(new Workers.Phase(tasks, List.of(), () -> {})));
        }
    }

    /** Runs one pass on one thread and measures it: milliseconds by kind of operation. */
    public Map<String, Double> profile(Pointer images, int imageSize, int batch) {
        return NativeSettings.onOneThread(() -> plan(imageSize, batch).profile(images));
    }

    @Override
    public void close() {
        workers.close();
        if (!endSender()) {
            return; // it waits for a lost process and would write to freed memory; this process is about to end
        }
        for (Sized sized : sizes.values()) {
            sized.plans.values().forEach(TrainingPlan::close);
            sized.weights.close();
        }
        workspaces.forEach(Workspace::close);
    }

    /** Whether nothing writes to the gradients any more, after {@link #close}. */
    public boolean isClosed() {
        return sender.isTerminated();
    }

    private boolean endSender() {
        sender.shutdownNow();
        try {
            return sender.awaitTermination(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
