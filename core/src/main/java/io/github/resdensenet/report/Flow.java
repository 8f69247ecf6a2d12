package io.github.resdensenet.report;

import java.util.ArrayList;
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
        List<List<Integer>> boxes = new ArrayList<>();
        for (List<Integer> run : tree.runs(opened(tree, tree.root()))) {
            List<Integer> before = boxes.isEmpty() ? List.of() : boxes.get(boxes.size() - 1);
            int last = before.isEmpty() ? tree.root() : before.get(before.size() - 1);
            if (continues(tree, last, run.get(0))) {
                before.add(run.get(0));
            } else {
                boxes.add(new ArrayList<>(run));
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
        List<List<Integer>> boxes = new ArrayList<>();
        for (List<Integer> run : tree.runs(tree.children(group))) {
            int n = run.size();
            int apart = n > LONGEST_RUN ? 2 : n;
            run.subList(0, apart).forEach(item -> flatten(tree, item, boxes));
            if (n > apart) {
                boxes.add(run.subList(apart, n - 1));
                flatten(tree, run.get(n - 1), boxes);
            }
        }
        return of(tree, group, boxes, inputSize);
    }

    private static void flatten(StepTree tree, int item, List<List<Integer>> boxes) {
        if (!tree.get(item).isGroup()) {
            List<Integer> before = boxes.isEmpty() ? List.of() : boxes.get(boxes.size() - 1);
            int last = before.isEmpty() ? tree.root() : before.get(before.size() - 1);
            if (continues(tree, last, item) && tree.owner(last) == tree.owner(item)) {
                before.add(item);
            } else {
                boxes.add(new ArrayList<>(List.of(item)));
            }
            return;
        }
        if (!tree.hasJoin(item) && isChain(tree, tree.leaves(item))) {
            boxes.add(List.of(item));
        } else {
            tree.children(item).forEach(child -> flatten(tree, child, boxes));
        }
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

    private static Flow of(StepTree tree, int group, List<List<Integer>> boxes, String inputSize) {
        List<Node> nodes = new ArrayList<>();
        nodes.add(new Node(Kind.INPUT, "Input", List.of(), inputSize, List.of()));
        Map<Integer, Integer> maker = new HashMap<>();
        for (List<Integer> box : boxes) {
            Set<Integer> inputs = new LinkedHashSet<>();
            for (int item : box) {
                for (int leaf : tree.leaves(item)) {
                    tree.get(leaf).inputs().forEach(value -> inputs.add(maker.getOrDefault(value, 0)));
                    maker.put(tree.get(leaf).output(), nodes.size());
                }
            }
            inputs.remove(nodes.size());
            if (!inputs.isEmpty()) {
                nodes.add(BoxText.node(tree, group, box, List.copyOf(inputs)));
            }
        }
        int last = nodes.size() - 1;
        String size = tree.get(group).size();
        nodes.add(new Node(Kind.OUTPUT, "Output", List.of(), size, List.of(last)));
        return new Flow(List.copyOf(nodes));
    }
}
