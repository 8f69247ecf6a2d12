package io.github.resdensenet.engine;

import io.github.resdensenet.engine.ShardPlan.ParameterGradient;
import io.github.resdensenet.engine.Workers.Phase;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;

/**
 * Forward and backward pass for one batch size. The batch is divided by position into shards of equal size, give or take
 * one image. Each shard has its own plan, and each plan is computed by one thread at a time.
 *
 * <p>What is computed depends on the number of shards only. The number of threads and the order in which they take the
 * shards change no bit of the result.
 */
final class TrainingPlan implements AutoCloseable {
    private final Exchange exchange;
    private final List<ShardPlan> shards = new ArrayList<>();
    private final List<Integer> firstImages = new ArrayList<>();
    private final List<GradientSum> sums = new ArrayList<>();
    private final List<Phase> phases = new ArrayList<>();
    private final int batch;
    private final long imageBytes;
    private final int classes;
    private Supplier<FusedTraining.Pass> loss = () -> new FusedTraining.Pass(0, 0);
    private FusedTraining.Pass result = loss.get();

    /**
     * Compiles a network. Set the thread's number of compute threads to 1 before.
     *
     * @param batch images per step
     * @param type data type of the activations and of the weights that multiply them
     * @param sync whether batch normalisation is over the whole batch, not over each shard
     * @param workspaces memory for each shard; there are as many shards, but not more than images
     * @throws UnsupportedOperationException if oneDNN has no optimised kernel for a node on this processor
     */
    TrainingPlan(
            Network network,
            int batch,
            memory.data_type type,
            boolean sync,
            PreparedWeights weights,
            List<Workspace> workspaces) {
        this.batch = batch;
        int count = Math.min(batch, workspaces.size());
        for (int i = 0; i <= count; i++) {
            firstImages.add(batch * i / count);
        }
        List<Integer> sizes = IntStream.range(0, count)
                .mapToObj(i -> firstImages.get(i + 1) - firstImages.get(i))
                .toList();
        exchange = new Exchange(network, sizes, sync);
        classes = network.shape(network.output()).channels();
        Network.Shape image = network.shape(0);
        imageBytes = (long) image.channels() * image.height() * image.width() * Float.BYTES;
        try (PointerScope scope = new PointerScope()) {
            for (int i = 0; i < count; i++) {
                shards.add(new ShardPlan(network, i, sizes.get(i), type, exchange, weights, workspaces.get(i)));
            }
            phases.add(new Phase(List.of(), weights.updates(), () -> {}));
            for (int segment = 0; segment < shards.get(0).segments(); segment++) {
                phases.add(phase(segment));
            }
            phases.add(new Phase(List.of(), sums(shards.get(0).segments() - 1), () -> {}));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private Phase phase(int segment) {
        List<Runnable> tasks = new ArrayList<>();
        for (ShardPlan shard : shards) {
            tasks.add(() -> shard.run(segment));
        }
        List<Runnable> actions = new ArrayList<>(exchange.meeting(segment));
        if (segment == shards.get(0).forwardEnd()) {
            actions.add(() -> result = loss.get());
        }
        return new Phase(tasks, sums(segment - 1), () -> actions.forEach(Runnable::run));
    }

    /** The sums of the gradients that a segment computes; they run beside the next segment. */
    private List<Runnable> sums(int segment) {
        List<Runnable> tasks = new ArrayList<>();
        List<ParameterGradient> gradients = shards.get(0).parameterGradients();
        for (int i = 0; i < gradients.size(); i++) {
            if (gradients.get(i).segment() == segment) {
                GradientSum sum = new GradientSum(gradients.get(i).target());
                for (ShardPlan shard : shards) {
                    sum.add(shard.located(shard.parameterGradients().get(i).value()));
                }
                sum.compile();
                sums.add(sum);
                tasks.add(sum);
            }
        }
        return tasks;
    }

    /**
     * Runs one pass: overwrites the gradients and updates the running statistics.
     *
     * @param images float32 [N, 3, H, W]
     * @param labels class indices [N]
     */
    FusedTraining.Pass pass(Pointer images, int[] labels, double labelSmoothing, Workers workers) {
        setImages(images);
        loss = () -> loss(labels, labelSmoothing);
        workers.run(phases);
        exchange.updateRunningStatistics();
        return result;
    }

    private void setImages(Pointer images) {
        for (int i = 0; i < shards.size(); i++) {
            shards.get(i).setImages(new Program.Address(images.address() + firstImages.get(i) * imageBytes));
        }
    }

    private FusedTraining.Pass loss(int[] labels, double labelSmoothing) {
        float[] logits = new float[batch * classes];
        float[] gradients = new float[batch * classes];
        for (int i = 0; i < shards.size(); i++) {
            FloatPointer part = shards.get(i).logits();
            part.get(logits, firstImages.get(i) * classes, Math.toIntExact(part.capacity()));
        }
        double mean = CrossEntropy.loss(logits, labels, classes, labelSmoothing, gradients);
        for (int i = 0; i < shards.size(); i++) {
            FloatPointer part = shards.get(i).logitGradients();
            part.put(gradients, firstImages.get(i) * classes, Math.toIntExact(part.capacity()));
        }
        return new FusedTraining.Pass(mean, CrossEntropy.correct(logits, labels, classes));
    }

    /** Runs one pass on the calling thread, and returns milliseconds by kind of instruction, of all shards together. */
    Map<String, Double> profile(Pointer images) {
        setImages(images);
        loss = () -> loss(new int[batch], 0);
        Map<String, Double> times = new LinkedHashMap<>();
        for (int i = 0; i < phases.size(); i++) {
            int segment = i - 1;
            if (segment >= 0 && segment < shards.get(0).segments()) {
                shards.forEach(
                        shard -> shard.profile(segment).forEach((kind, ms) -> times.merge(kind, ms, Double::sum)));
            }
            String kind = i == 0 ? "weights" : "gradient sums";
            long start = System.nanoTime();
            phases.get(i).others().forEach(Runnable::run);
            long middle = System.nanoTime();
            times.merge(kind, (middle - start) / 1e6, Double::sum);
            phases.get(i).end().run();
            times.merge("exchange", (System.nanoTime() - middle) / 1e6, Double::sum);
        }
        return times;
    }

    @Override
    public void close() {
        shards.forEach(ShardPlan::close);
        sums.forEach(GradientSum::close);
        exchange.close();
    }
}
