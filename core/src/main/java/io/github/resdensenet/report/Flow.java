package io.github.resdensenet.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A part of a network as boxes from top to bottom, each with the boxes that it reads.
 *
 * @param nodes in the order of computation, the input first and the output last
 */
record Flow(List<Node> nodes) {
    /** What a box stands for. */
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
     * @param title first line, or ""
     * @param lines what is done
     * @param size of the value that leaves it
     * @param inputs places of the boxes that it reads
     */
    record Node(Kind kind, String title, List<String> lines, String size, List<Integer> inputs) {}

    /** Groups with so many levels of groups inside are opened in the overview. */
    private static final int OPENED = 3;
    /** In the detail so many blocks of a kind may follow each other; of more, all but three are drawn as one. */
    private static final int LONGEST_RUN = 6;

    /** The whole network, a box a stage; equal stages behind each other in one box. */
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

    /** The inside of one group, every layer in a box. */
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

    /** Puts a layer into the box of the layer that it alone reads, else into a box of its own. */
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

    /** Whether a layer is the only reader of the layer before it, so that both fit into one box. */
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
        Map<Integer, Integer> maker = new HashMap<>();
        for (List<List<Integer>> box : boxes) {
            Set<Integer> inputs = new LinkedHashSet<>();
            for (int leaf : leaves(tree, box)) {
                tree.get(leaf).inputs().forEach(value -> inputs.add(maker.getOrDefault(value, 0)));
                maker.put(tree.get(leaf).output(), nodes.size());
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

    /** Of two neighbours that do not need each other the shorter comes first, so that the longer goes straight on. */
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
