package io.github.resdensenet.nn;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The channels of a ResDenseNet, chosen so that every fusion has as many parameters as {@code both}.
 *
 * <ul>
 *   <li>{@code concat} has the widths of {@code both}: leaving an addition out changes no parameter.
 *   <li>{@code add} and {@code none} keep the channels of the stages. Without concatenation a layer makes all of them
 *       anew, so its bottleneck is narrower: each stage gets the channels of bottlenecks that bring its block nearest to
 *       the block of {@code both}, and what is left over goes to the next stage.
 *   <li>{@code stacked} has {@link #LAYERS_OF_STACKED} layers in each of its many blocks, and fewer features and a smaller
 *       growth rate by one factor: the most features for which the bottlenecks can be bnSize growth rates wide; what is
 *       left of the parameters then widens the bottlenecks of the whole network alike.
 * </ul>
 *
 * <p>All chosen numbers are multiples of the largest of 16, 8, 4, 2, 1 (kernels like full blocks of channels) with which
 * the network comes within 1% of the parameters of {@code both}, else of 1; the bottlenecks of equal layers differ by one
 * such multiple at most, the wider ones first.
 *
 * @param features channels of the first stage; each later stage has twice as many
 * @param growthRate channels a layer adds by concatenation
 * @param dense whether layers concatenate; else a layer makes as many channels as it reads
 * @param stages the width of every bottleneck, layer by layer in each block of each stage
 */
record Widths(int features, int growthRate, boolean dense, List<List<List<Integer>>> stages) {
    /** The fewest with which a layer reads what another one of its block made. The article's figure leaves it open. */
    static final int LAYERS_OF_STACKED = 2;

    private static final List<Integer> GRAINS = List.of(16, 8, 4, 2, 1);
    private static final double NEAR = 0.01;
    private static final double LIMIT = 0.02;

    /**
     * The widths for a configuration.
     *
     * @throws IllegalArgumentException if no widths come within 2% of the parameters of {@code both}
     */
    static Widths of(ModelConfig config, int classes) {
        int bottleneck = config.bnSize() * config.growthRate();
        Widths both = new Widths(
                config.numInitFeatures(),
                config.growthRate(),
                true,
                config.blockConfig().stream()
                        .map(n -> List.of(Collections.nCopies(n, bottleneck)))
                        .toList());
        return switch (config.fusion()) {
            case "add", "none" -> both.matched(config, classes, both::plain);
            case "stacked" -> both.matched(config, classes, grain -> both.stacked(config, classes, grain));
            default -> both;
        };
    }

    private Widths matched(ModelConfig config, int classes, IntFunction<Widths> choice) {
        long target = parameters(classes);
        Widths best = this;
        double error = Double.POSITIVE_INFINITY;
        for (int i = 0; i < GRAINS.size() && error > NEAR; i++) {
            Widths chosen = choice.apply(GRAINS.get(i));
            best = chosen;
            error = Math.abs((double) chosen.parameters(classes) / target - 1);
        }
        if (error > LIMIT) {
            throw new IllegalArgumentException(
                    "model.fusion must be both or concat for a network as small as this, got "
                            + config.fusion() + ": no widths come within 2% of the " + target
                            + " parameters of both, the nearest "
                            + "have " + best.parameters(classes));
        }
        return best;
    }

    private Widths plain(int grain) {
        List<List<List<Integer>>> plain = new ArrayList<>();
        long owed = 0;
        for (int s = 0; s < stages.size(); s++) {
            long target = owed + blockParameters(channels(s), stages.get(s).get(0));
            int layers = stages.get(s).get(0).size();
            Widths empty = new Widths(features, growthRate, false, List.of());
            List<Integer> widths = fill(
                    target - empty.blockParameters(channels(s), Collections.nCopies(layers, 0)),
                    Collections.nCopies(layers, empty.costOfWidth(channels(s), 0)),
                    grain);
            owed = target - empty.blockParameters(channels(s), widths);
            plain.add(List.of(widths));
        }
        return new Widths(features, growthRate, false, plain);
    }

    private Widths stacked(ModelConfig config, int classes, int grain) {
        long target = parameters(classes);
        int narrower = features / grain * grain;
        while (narrower > grain && evenlyStacked(config, narrower, grain).parameters(classes) > target) {
            narrower -= grain;
        }
        Widths even = evenlyStacked(config, Math.max(grain, narrower), grain);
        List<Integer> costs = new ArrayList<>();
        for (int s = 0; s < even.stages.size(); s++) {
            for (List<Integer> block : even.stages.get(s)) {
                for (int i = 0; i < block.size(); i++) {
                    costs.add(even.costOfWidth(even.channels(s), i));
                }
            }
        }
        Widths empty = even.with(Collections.nCopies(costs.size(), 0));
        return even.with(fill(target - empty.parameters(classes), costs, grain));
    }

    /** Many blocks a stage, with the growth rate that goes with so many features. */
    private Widths evenlyStacked(ModelConfig config, int narrower, int grain) {
        int growth = Math.max(grain, (int) ((long) growthRate * narrower / features / grain * grain));
        List<Integer> block = Collections.nCopies(LAYERS_OF_STACKED, config.bnSize() * growth);
        return new Widths(
                narrower,
                growth,
                true,
                config.blockConfig().stream()
                        .map(n -> Collections.nCopies(n, block))
                        .toList());
    }

    /** The same network with other bottlenecks, in the order of the layers. */
    private Widths with(List<Integer> widths) {
        int next = 0;
        List<List<List<Integer>>> changed = new ArrayList<>();
        for (List<List<Integer>> stage : stages) {
            List<List<Integer>> blocks = new ArrayList<>();
            for (List<Integer> block : stage) {
                blocks.add(List.copyOf(widths.subList(next, next + block.size())));
                next += block.size();
            }
            changed.add(blocks);
        }
        return new Widths(features, growthRate, dense, changed);
    }

    /** Widths that cost a number of parameters, as nearly as multiples of the grain can; at least one grain each. */
    private static List<Integer> fill(long parameters, List<Integer> costs, int grain) {
        long perGrain = costs.stream().mapToLong(cost -> (long) cost * grain).sum();
        int all = Math.toIntExact(Math.max(1, parameters / perGrain)) * grain;
        long left = parameters - perGrain * (all / grain);
        List<Integer> widths = new ArrayList<>();
        for (int cost : costs) {
            boolean wider = (long) cost * grain <= 2 * left; // nearer with it than without
            widths.add(wider ? all + grain : all);
            left -= wider ? (long) cost * grain : 0;
        }
        return widths;
    }

    /** Channels of a stage. */
    int channels(int stage) {
        return features << stage;
    }

    /** Parameters that one more channel of a layer's bottleneck brings: of the 1x1, of its BN, of the 3x3. */
    private int costOfWidth(int channels, int layer) {
        return read(channels, layer) + 2 + 9 * made(channels);
    }

    private int read(int channels, int layer) {
        return dense ? channels + layer * growthRate : channels;
    }

    private int made(int channels) {
        return dense ? growthRate : channels;
    }

    private long blockParameters(int channels, List<Integer> bottlenecks) {
        long sum = 0;
        for (int i = 0; i < bottlenecks.size(); i++) {
            sum += 2L * read(channels, i) + (long) bottlenecks.get(i) * costOfWidth(channels, i);
        }
        long total = read(channels, bottlenecks.size());
        return sum + 2 * total + total * channels;
    }

    /** Parameters of the whole network. */
    long parameters(int classes) {
        long sum = 3L * features * 49 + 2L * features;
        for (int s = 0; s < stages.size(); s++) {
            long channels = channels(s);
            for (List<Integer> block : stages.get(s)) {
                sum += blockParameters((int) channels, block);
            }
            boolean last = s == stages.size() - 1;
            sum += 2 * channels + (last ? (channels + 1) * classes : 2 * channels * channels);
        }
        return sum;
    }
}
