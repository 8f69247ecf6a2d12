package io.github.resdensenet.nn.ablation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The channel widths of a fusion, chosen so that it has the same number of parameters as {@link Fusion#BOTH}.
 *
 * <ul>
 *   <li>{@code concat} has the widths of {@code both}: removing an addition changes no parameter.
 *   <li>{@code add} and {@code none} keep the channels of the stages. Without concatenation each layer outputs all of them,
 *       so its bottleneck is narrower. Each stage gets the bottleneck widths that bring its block closest to the block of
 *       {@code both}; the remainder is carried to the next stage.
 *   <li>{@code stacked} has {@link #LAYERS_OF_STACKED} layers in each of its blocks. Features and growth rate are scaled
 *       down by one factor: the most features for which the bottlenecks can be bnSize growth rates wide. The remaining
 *       parameters widen the bottlenecks of the whole network evenly.
 * </ul>
 *
 * <p>All chosen numbers are multiples of the largest of 16, 8, 4, 2, 1 with which the network comes within 1% of the
 * parameters of {@code both}, otherwise of 1, since kernels run fastest on full blocks of channels. The bottlenecks of equal
 * layers differ by at most one such multiple, the wider ones first.
 *
 * @param features channels of the first stage; each later stage has twice as many
 * @param growthRate channels added per layer by concatenation
 * @param dense whether layers concatenate; otherwise a layer outputs as many channels as it reads
 * @param stages the width of every bottleneck, layer by layer in each block of each stage
 */
public record Widths(int features, int growthRate, boolean dense, List<List<List<Integer>>> stages) {
    /** The smallest number with which a layer reads the output of another layer of its block. The article leaves it open. */
    public static final int LAYERS_OF_STACKED = 2;

    private static final List<Integer> GRAINS = List.of(16, 8, 4, 2, 1);
    private static final double NEAR = 0.01;
    private static final double LIMIT = 0.02;

    /**
     * The sizes of the article's network, {@code both}.
     *
     * @param growthRate new channels per dense layer
     * @param blockConfig dense layers in each stage
     * @param features channels after the stem
     * @param bnSize width of the bottlenecks, in growth rates
     */
    public record Sizes(int growthRate, List<Integer> blockConfig, int features, int bnSize) {
        /** Keeps its own list. */
        public Sizes {
            blockConfig = List.copyOf(blockConfig);
        }
    }

    /**
     * The widths of a fusion.
     *
     * @param sizes the sizes of {@code both}, whose parameter count is matched
     * @throws IllegalArgumentException if no widths come within 2% of the parameters of {@code both}
     */
    public static Widths of(Fusion fusion, Sizes sizes, int classes) {
        int bottleneck = sizes.bnSize() * sizes.growthRate();
        Widths both = new Widths(
                sizes.features(),
                sizes.growthRate(),
                true,
                sizes.blockConfig().stream()
                        .map(n -> List.of(Collections.nCopies(n, bottleneck)))
                        .toList());
        return switch (fusion) {
            case BOTH, CONCAT -> both;
            case ADD, NONE -> both.matched(fusion, classes, both::plain);
            case STACKED -> both.matched(fusion, classes, grain -> both.stacked(sizes, classes, grain));
        };
    }

    private Widths matched(Fusion fusion, int classes, IntFunction<Widths> choice) {
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
                            + fusion + ": no widths come within 2% of the " + target
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

    private Widths stacked(Sizes sizes, int classes, int grain) {
        long target = parameters(classes);
        int narrower = features / grain * grain;
        while (narrower > grain && evenlyStacked(sizes, narrower, grain).parameters(classes) > target) {
            narrower -= grain;
        }
        Widths even = evenlyStacked(sizes, Math.max(grain, narrower), grain);
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
    private Widths evenlyStacked(Sizes sizes, int narrower, int grain) {
        int growth = Math.max(grain, (int) ((long) growthRate * narrower / features / grain * grain));
        List<Integer> block = Collections.nCopies(LAYERS_OF_STACKED, sizes.bnSize() * growth);
        return new Widths(
                narrower,
                growth,
                true,
                sizes.blockConfig().stream()
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
    public int channels(int stage) {
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
    public long parameters(int classes) {
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
