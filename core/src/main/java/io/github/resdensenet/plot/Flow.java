package io.github.resdensenet.plot;

import io.github.resdensenet.plot.Diagram.Step;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A network or one of its groups as a graph of boxes.
 *
 * @param nodes boxes in the order of computation, from the input to the output
 */
record Flow(List<Node> nodes) {
    /** The kind of a box. */
    enum Kind {
        INPUT,
        LAYERS,
        BLOCK,
        HEAD,
        CONCAT,
        ADD,
        OUTPUT
    }

    /**
     * A box.
     *
     * @param kind kind of the box
     * @param title first line, or ""
     * @param lines description of the layers
     * @param size size of the output
     * @param inputs indices of the boxes that this box reads
     */
    record Node(Kind kind, String title, List<String> lines, String size, List<Integer> inputs) {}

    /** The overview opens groups with at least this many levels. */
    private static final int OPENED = 3;
    /** The detail draws at most this many consecutive blocks of a kind; of longer runs, all but three share a box. */
    private static final int LONGEST_RUN = 6;

    /** The whole network with one box per stage. Consecutive stages of the same kind share a box. */
    static Flow overview(StepTree tree, String imageSize) {
        List<List<Integer>> alone =
                opened(tree, tree.root()).stream().map(List::of).toList();
        List<List<List<Integer>>> boxes = new ArrayList<>();
        for (List<List<Integer>> run : tree.runs(alone)) {
            if (tree.get(run.get(0).get(0)).isGroup()) {
                boxes.add(run);
            } else {
                addLayer(tree, run.get(0).get(0), boxes, false);
            }
        }
        return of(tree, tree.root(), boxes, imageSize);
    }

    /** The stages and layers of the overview. */
    static List<Integer> opened(StepTree tree, int group) {
        List<Integer> items = new ArrayList<>();
        for (int child : tree.children(group)) {
            if (tree.height(child) >= OPENED) {
                items.addAll(opened(tree, child));
            } else {
                items.add(child);
            }
        }
        return items;
    }

    /** The layers of one group. */
    static Flow detail(StepTree tree, int group, String inputSize) {
        List<List<List<Integer>>> boxes = new ArrayList<>();
        for (List<List<Integer>> run : tree.runs(tree.units(tree.children(group)))) {
            int n = run.size();
            int apart = n > LONGEST_RUN ? 2 : n;
            run.subList(0, apart).forEach(unit -> unit.forEach(item -> flatten(tree, item, boxes)));
            if (n > apart) {
                boxes.add(run.subList(apart, n - 1));
                run.get(n - 1).forEach(item -> flatten(tree, item, boxes));
            }
        }
        return of(tree, group, boxes, inputSize);
    }

    private static void flatten(StepTree tree, int item, List<List<List<Integer>>> boxes) {
        if (!tree.get(item).isGroup()) {
            addLayer(tree, item, boxes, true);
        } else if (!tree.hasJoin(item) && isChain(tree, tree.leaves(item))) {
            boxes.add(List.of(List.of(item)));
        } else {
            tree.children(item).forEach(child -> flatten(tree, child, boxes));
        }
    }

    /** Adds a layer to the box of its only input if no other step reads that input, otherwise to a new box. */
    private static void addLayer(StepTree tree, int layer, List<List<List<Integer>>> boxes, boolean ownersApart) {
        for (List<List<Integer>> box : boxes) {
            List<Integer> unit = box.get(box.size() - 1);
            int last = unit.get(unit.size() - 1);
            if (continues(tree, last, layer) && !(ownersApart && tree.owner(last) != tree.owner(layer))) {
                unit.add(layer);
                return;
            }
        }
        boxes.add(List.of(new ArrayList<>(List.of(layer))));
    }

    private static boolean isChain(StepTree tree, List<Integer> leaves) {
        for (int i = 1; i < leaves.size(); i++) {
            if (!continues(tree, leaves.get(i - 1), leaves.get(i))) {
                return false;
            }
        }
        return true;
    }

    /** Whether a layer is the only reader of the previous layer, so that both can share a box. */
    private static boolean continues(StepTree tree, int before, int next) {
        Step a = tree.get(before);
        Step b = tree.get(next);
        return !a.isGroup()
                && !b.isGroup()
                && !a.isJoin()
                && !b.isJoin()
                && b.inputs().equals(List.of(a.output()))
                && tree.readers(a.output()) == 1;
    }

    private static Flow of(StepTree tree, int group, List<List<List<Integer>>> boxes, String inputSize) {
        shorterBranchFirst(tree, boxes);
        List<Node> nodes = new ArrayList<>();
        nodes.add(new Node(Kind.INPUT, "Input", List.of(), inputSize, List.of()));
        Map<Integer, Integer> producers = new HashMap<>();
        for (List<List<Integer>> box : boxes) {
            Set<Integer> inputs = new LinkedHashSet<>();
            for (int leaf : leaves(tree, box)) {
                tree.get(leaf).inputs().forEach(value -> inputs.add(producers.getOrDefault(value, 0)));
                producers.put(tree.get(leaf).output(), nodes.size());
            }
            inputs.remove(nodes.size());
            if (!inputs.isEmpty()) {
                nodes.add(BoxText.node(tree, group, box, List.copyOf(inputs)));
            }
        }
        int last = nodes.size() - 1;
        nodes.add(new Node(Kind.OUTPUT, "Output", List.of(), tree.get(group).size(), List.of(last)));
        return new Flow(List.copyOf(nodes));
    }

    private static List<Integer> leaves(StepTree tree, List<List<Integer>> box) {
        return box.stream()
                .flatMap(List::stream)
                .flatMap(item -> tree.leaves(item).stream())
                .toList();
    }

    /** Swaps independent neighbours so that the longer branch comes second and continues straight down. */
    private static void shorterBranchFirst(StepTree tree, List<List<List<Integer>>> boxes) {
        for (int i = 0; i + 1 < boxes.size(); i++) {
            List<Integer> first = leaves(tree, boxes.get(i));
            List<Integer> second = leaves(tree, boxes.get(i + 1));
            boolean reads = second.stream()
                    .flatMap(leaf -> tree.get(leaf).inputs().stream())
                    .anyMatch(value ->
                            first.stream().anyMatch(leaf -> tree.get(leaf).output() == value));
            if (!reads && first.size() > second.size()) {
                Collections.swap(boxes, i, i + 1);
            }
        }
    }
}
