package io.github.resdensenet.plot;

import io.github.resdensenet.plot.Diagram.Step;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The steps of a network as a tree of groups. Steps are identified by their index in the list. */
final class StepTree {
    private final List<Step> steps;
    private final Map<Integer, Long> channels = new HashMap<>();
    private final Map<Integer, Integer> readers = new HashMap<>();

    StepTree(List<Step> steps, long imageChannels) {
        this.steps = List.copyOf(steps);
        channels.put(0, imageChannels);
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            if (!step.isGroup()) {
                channels.put(step.output(), step.shape().get(1));
                step.inputs().forEach(value -> readers.merge(value, 1, Integer::sum));
            }
        }
    }

    Step get(int i) {
        return steps.get(i);
    }

    int root() {
        return steps.size() - 1;
    }

    long channels(int value) {
        return channels.getOrDefault(value, 0L);
    }

    /** The number of steps that read a value. */
    int readers(int value) {
        return readers.getOrDefault(value, 0);
    }

    /** The layers, functions and groups directly inside a group. */
    List<Integer> children(int group) {
        List<Integer> children = new ArrayList<>();
        for (int i = group - 1; i >= group - get(group).inside(); i -= get(i).inside() + 1) {
            children.add(i);
        }
        Collections.reverse(children);
        return children;
    }

    /** The layers and functions inside a group at any depth, or the layer itself. */
    List<Integer> leaves(int i) {
        List<Integer> leaves = new ArrayList<>();
        for (int k = i - get(i).inside(); k <= i; k++) {
            if (!get(k).isGroup() && !get(k).inputs().isEmpty()) {
                leaves.add(k);
            }
        }
        return leaves;
    }

    /** The smallest group around a layer. */
    int owner(int i) {
        int group = i + 1;
        while (group < root() && group - get(group).inside() > i) {
            group++;
        }
        return group;
    }

    boolean hasJoin(int i) {
        return leaves(i).stream().anyMatch(k -> get(k).isJoin());
    }

    /** The number of group levels: 0 for a layer, 1 for a group of layers. */
    int height(int i) {
        return get(i).isGroup()
                ? 1 + children(i).stream().mapToInt(this::height).max().orElse(0)
                : 0;
    }

    /** The first input of a group. */
    int input(int i) {
        List<Integer> leaves = leaves(i);
        return leaves.isEmpty() ? 0 : get(leaves.get(0)).inputs().get(0);
    }

    /** A key that is equal for units with the same layers and connections, whatever their number of channels. */
    private String kind(List<Integer> unit) {
        StringBuilder kind = new StringBuilder();
        Set<Integer> computed = new HashSet<>();
        for (int i : unit) {
            kind.append(get(i).type());
            for (int k : leaves(i)) {
                Step step = get(k);
                kind.append(';').append(step.text());
                for (int value : step.inputs()) {
                    kind.append(' ')
                            .append(computed.contains(value) ? Integer.toString(step.output() - value) : "outside");
                }
                computed.add(step.output());
            }
        }
        return kind.toString();
    }

    /** Combines each group with the concatenations and additions right after it that read its output. */
    List<List<Integer>> units(List<Integer> items) {
        List<List<Integer>> units = new ArrayList<>();
        for (int i : items) {
            List<Integer> before = units.isEmpty() ? List.of() : units.get(units.size() - 1);
            boolean joins = get(i).isJoin()
                    && !before.isEmpty()
                    && get(before.get(0)).isGroup()
                    && get(i).inputs()
                            .contains(get(before.get(before.size() - 1)).output());
            if (joins) {
                before.add(i);
            } else {
                units.add(new ArrayList<>(List.of(i)));
            }
        }
        return units;
    }

    /** Combines consecutive groups of the same kind into runs. A layer is a run of its own. */
    List<List<List<Integer>>> runs(List<List<Integer>> units) {
        List<List<List<Integer>>> runs = new ArrayList<>();
        String before = "";
        for (List<Integer> unit : units) {
            String kind = get(unit.get(0)).isGroup() ? kind(unit) : "";
            if (kind.isEmpty() || !kind.equals(before)) {
                runs.add(new ArrayList<>());
            }
            runs.get(runs.size() - 1).add(unit);
            before = kind;
        }
        return runs;
    }
}
