package io.github.resdensenet.engine;

import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.distributed.Sharding;
import io.github.resdensenet.distributed.Sharding.Range;
import io.github.resdensenet.engine.ShardPlan.ParameterGradient;
import io.github.resdensenet.engine.ShardSum.Node;
import io.github.resdensenet.engine.Workers.Phase;
import io.github.resdensenet.nn.Targets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
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
    private final Team team;
    private final Exchange exchange;
    private final GradientExchange gradients;
    private final List<ShardPlan> shards = new ArrayList<>();
    private final List<GradientSum> sums = new ArrayList<>();
    private final List<Phase> phases = new ArrayList<>();
    private final long imageBytes;
    private final int classes;
    private Supplier<Pass> loss = () -> new Pass(0, 0);
    private Pass result = loss.get();

    /**
     * Compiles a network. Set the thread's number of compute threads to 1 before.
     *
     * @param team who computes which shard of the batch
     * @param type data type of the activations and of the weights that multiply them
     * @param sync whether batch normalisation is over the whole batch, not over each shard
     * @param workspaces memory for each shard, and for the exchange of gradients
     * @param sender sends gradients to other processes, in order
     * @throws UnsupportedOperationException if oneDNN has no optimised kernel for a node on this processor
     */
    TrainingPlan(
            Network network,
            Team team,
            memory.data_type type,
            boolean sync,
            PreparedWeights weights,
            List<Workspace> workspaces,
            Executor sender) {
        this.team = team;
        exchange = new Exchange(network, team, sync);
        classes = network.shape(network.output()).channels();
        Network.Shape image = network.shape(0);
        imageBytes = (long) image.channels() * image.height() * image.width() * Float.BYTES;
        Range own = team.own();
        try (PointerScope scope = new PointerScope()) {
            for (int i = own.from(); i < Math.max(own.to(), own.from() + 1); i++) { // without a shard, for the meetings
                int shard = Math.min(i, team.shards() - 1);
                shards.add(new ShardPlan(
                        network, shard, team.size(shard), type, exchange, weights, workspaces.get(i - own.from())));
            }
            List<ParameterGradient> shared =
                    exchange.isBetweenProcesses() ? shards.get(0).parameterGradients() : List.of();
            gradients = new GradientExchange(team, shared, workspaces.get(workspaces.size() - 1), sender);
            phases.add(new Phase(List.of(), weights.updates(), () -> {}));
            for (int segment = 0; segment < shards.get(0).segments(); segment++) {
                phases.add(phase(segment));
            }
            int last = shards.get(0).segments() - 1;
            phases.add(new Phase(List.of(), sums(last), () -> finish(last)));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private Phase phase(int segment) {
        List<Runnable> tasks = new ArrayList<>();
        if (team.own().size() > 0) {
            shards.forEach(shard -> tasks.add(() -> shard.run(segment)));
        }
        boolean withLoss = segment == shards.get(0).forwardEnd();
        return new Phase(tasks, sums(segment - 1), () -> {
            gradients.send(segment - 1);
            exchange.meeting(segment).run(team);
            if (withLoss) {
                result = loss.get();
            }
        });
    }

    private void finish(int segment) {
        gradients.send(segment);
        gradients.await();
    }

    /** The sums of the gradients that a segment computes; they run beside the next segment. */
    private List<Runnable> sums(int segment) {
        List<Runnable> tasks = new ArrayList<>();
        List<ParameterGradient> all = shards.get(0).parameterGradients();
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).segment() == segment) {
                for (int node = 0; node < team.ownNodes().size(); node++) {
                    tasks.add(sum(i, node));
                }
            }
        }
        return tasks;
    }

    private GradientSum sum(int gradient, int number) {
        Node node = team.ownNodes().get(number);
        boolean alone = !exchange.isBetweenProcesses();
        GradientSum sum = new GradientSum(
                node,
                alone ? shards.get(0).parameterGradients().get(gradient).target() : gradients.target(gradient, number));
        for (int shard = node.from(); shard < node.to(); shard++) {
            ShardPlan plan = shards.get(shard - team.own().from());
            sum.add(plan.located(plan.parameterGradients().get(gradient).value()));
        }
        sum.compile();
        sums.add(sum);
        return sum;
    }

    /**
     * Runs one pass: overwrites the gradients and updates the running statistics.
     *
     * @param images float32 [N, 3, H, W]
     */
    Pass pass(Pointer images, Targets targets, CrossEntropy crossEntropy, Workers workers) {
        setImages(images);
        loss = () -> loss(targets, crossEntropy);
        workers.run(phases);
        exchange.updateRunningStatistics();
        return result;
    }

    private void setImages(Pointer images) {
        for (int i = 0; i < team.own().size(); i++) {
            shards.get(i).setImages(new Program.Address(images.address() + firstImage(i) * imageBytes));
        }
    }

    /** The position of the first image of a shard among the images of this process. */
    private int firstImage(int shard) {
        Range own = team.own();
        Sharding sharding = team.sharding();
        return sharding.images(team.batch(), own.from() + shard).from()
                - sharding.own(team.batch()).from();
    }

    private Pass loss(Targets targets, CrossEntropy crossEntropy) {
        float[] logits = logits();
        float[] toLogits = new float[logits.length];
        double mean = crossEntropy.loss(logits, targets, classes, toLogits);
        int first = team.sharding().own(team.batch()).from();
        for (int i = 0; i < team.own().size(); i++) {
            FloatPointer part = shards.get(i).logitGradients();
            part.put(toLogits, (first + firstImage(i)) * classes, Math.toIntExact(part.capacity()));
        }
        return new Pass(mean, CrossEntropy.correct(logits, targets.main(), classes));
    }

    /** The logits of the whole batch. */
    private float[] logits() {
        ProcessGroup group = team.group();
        int most = IntStream.range(0, group.size())
                .map(rank -> team.sharding().imagesOf(team.batch(), rank).size())
                .max()
                .orElseThrow();
        double[] own = new double[most * classes];
        for (int i = 0; i < team.own().size(); i++) {
            FloatPointer part = shards.get(i).logits();
            for (int j = 0; j < part.capacity(); j++) {
                own[firstImage(i) * classes + j] = part.get(j);
            }
        }
        double[] all = group.allGather(own);
        float[] logits = new float[team.batch() * classes];
        for (int rank = 0; rank < group.size(); rank++) {
            Range images = team.sharding().imagesOf(team.batch(), rank);
            for (int i = 0; i < images.size() * classes; i++) {
                logits[images.from() * classes + i] = (float) all[rank * most * classes + i];
            }
        }
        return logits;
    }

    /** Runs one pass on the calling thread, and returns milliseconds by kind of instruction, of all shards together. */
    Map<String, Double> profile(Pointer images) {
        setImages(images);
        loss = () -> loss(Targets.of(new int[team.batch()]), new CrossEntropy(0, List.of()));
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
