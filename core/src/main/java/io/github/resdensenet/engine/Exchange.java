package io.github.resdensenet.engine;

import io.github.resdensenet.engine.Network.Concatenation;
import io.github.resdensenet.engine.Network.Node;
import io.github.resdensenet.engine.Network.Normalization;
import io.github.resdensenet.engine.Network.Part;
import io.github.resdensenet.engine.Network.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * What the shards of a batch exchange. They compute the same list of segments, and meet after each segment.
 */
final class Exchange implements AutoCloseable {
    private final Network network;
    private final Team team;
    private final boolean sync;
    private final List<Meeting> meetings = new ArrayList<>();
    private final Map<Integer, BatchStatistics> statistics = new HashMap<>();
    private final Map<Integer, Runnable> joins = new HashMap<>();
    private final Map<Integer, Correction> corrections = new HashMap<>();
    private final Map<Integer, NormalizationGradient> gradients = new HashMap<>();

    /**
     * Creates an exchange.
     *
     * @param team who computes which shard
     * @param sync whether batch normalisation is over the whole batch, not over each shard
     */
    Exchange(Network network, Team team, boolean sync) {
        this.network = network;
        this.team = team;
        this.sync = sync;
    }

    boolean isBetweenProcesses() {
        return team.group().size() > 1;
    }

    boolean isSync() {
        return sync;
    }

    /** The meeting after a segment. */
    Meeting meeting(int segment) {
        while (meetings.size() <= segment) {
            meetings.add(new Meeting());
        }
        return meetings.get(segment);
    }

    BatchStatistics statistics(int value) {
        return statistics.computeIfAbsent(value, v -> {
            Shape shape = network.shape(v);
            List<Long> counts = IntStream.range(0, team.shards())
                    .mapToObj(shard -> (long) team.size(shard) * shape.height() * shape.width())
                    .toList();
            return new BatchStatistics(shape.channels(), counts, sync);
        });
    }

    /** The action that copies the statistics of the inputs of a concatenation to its own. */
    Runnable join(Concatenation c) {
        return joins.computeIfAbsent(c.output(), value -> {
            Statistics whole = statistics(value).batch();
            return () -> network.parts(c)
                    .forEach(part -> whole.copy(statistics(part.value()).batch(), part.firstChannel()));
        });
    }

    /** The gradients of a normalisation's parameters. */
    NormalizationGradient gradient(Normalization n) {
        return gradients.computeIfAbsent(n.output(), key -> {
            List<NormalizationGradient.Target> targets = new ArrayList<>();
            if (sync) {
                for (Part source : network.sources(n.input())) {
                    Correction correction = corrections.computeIfAbsent(
                            source.value(), v -> new Correction(statistics(v).batch()));
                    targets.add(new NormalizationGradient.Target(correction, source.firstChannel()));
                }
            }
            return new NormalizationGradient(n.module(), statistics(n.input()).batch(), targets, team.shards());
        });
    }

    /** The correction of the gradient of a value that a normalisation reads. */
    Correction correction(int value) {
        return Objects.requireNonNull(corrections.get(value));
    }

    /** Updates the running statistics of every normalisation. */
    void updateRunningStatistics() {
        for (Node node : network.nodes()) {
            if (node instanceof Normalization n) {
                statistics(n.input()).batch().updateRunning(n.module());
            }
        }
    }

    @Override
    public void close() {
        statistics.values().forEach(BatchStatistics::close);
        corrections.values().forEach(Correction::close);
        gradients.values().forEach(NormalizationGradient::close);
    }
}
