package io.github.resdensenet.plot;

import io.github.resdensenet.plot.Diagram.Step;
import io.github.resdensenet.plot.Flow.Kind;
import io.github.resdensenet.plot.Flow.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Creates the text in the boxes of a {@link Flow}. */
final class BoxText {
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final String ARROW = " \u2192 ";
    private static final String TIMES = " \u00d7 ";

    private static final int LINE = 50;

    private final StepTree tree;
    private final List<String> lines = new ArrayList<>();
    private final List<Integer> pending = new ArrayList<>();

    private BoxText(StepTree tree) {
        this.tree = tree;
    }

    /**
     * Creates the box of consecutive layers, of a group, or of several groups of the same kind.
     *
     * @param scope the drawn group; paths in the box are relative to this group
     * @param box the units in the box; each unit is a list of step numbers
     * @param inputs indices of the boxes that this box reads
     */
    static Node node(StepTree tree, int scope, List<List<Integer>> box, List<Integer> inputs) {
        List<Integer> firstUnit = box.get(0);
        List<Integer> lastUnit = box.get(box.size() - 1);
        int first = firstUnit.get(0);
        Step step = tree.get(first);
        String size = between(end(tree, firstUnit).size(), end(tree, lastUnit).size());
        if (step.isJoin()) {
            Kind kind = step.text().equals(Step.ADD) ? Kind.ADD : Kind.CONCAT;
            String title = kind == Kind.ADD ? "+ add" : "concat " + sum(tree, step);
            return new Node(kind, title, List.of(), size, inputs);
        }
        List<String> of = describe(tree, firstUnit);
        List<String> until = describe(tree, lastUnit);
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < of.size(); i++) {
            lines.add(between(of.get(i), until.get(i)));
        }
        return new Node(kind(tree, box), title(tree, scope, box), lines, size, inputs);
    }

    private static Step end(StepTree tree, List<Integer> unit) {
        return tree.get(unit.get(unit.size() - 1));
    }

    private static String title(StepTree tree, int scope, List<List<Integer>> box) {
        int first = box.get(0).get(0);
        int group = tree.get(first).isGroup() ? first : tree.owner(first);
        if (group == scope || (group != first && scope == tree.root())) {
            return "";
        }
        String title = tree.get(group).type() + " " + path(tree, scope, group);
        return box.size() == 1
                ? title
                : box.size() + TIMES + title + " to "
                        + path(tree, scope, box.get(box.size() - 1).get(0));
    }

    private static String path(StepTree tree, int scope, int group) {
        String path = tree.get(group).path();
        String outer = tree.get(scope).path() + ".";
        return path.startsWith(outer) ? path.substring(outer.length()) : path;
    }

    private static Kind kind(StepTree tree, List<List<Integer>> box) {
        List<Integer> items = box.stream().flatMap(List::stream).toList();
        boolean head = items.stream()
                .flatMap(i -> tree.leaves(i).stream())
                .anyMatch(i -> tree.get(i).type().equals("Linear"));
        return head ? Kind.HEAD : items.stream().anyMatch(tree::hasJoin) ? Kind.BLOCK : Kind.LAYERS;
    }

    /** Merges two texts that differ only in numbers: different numbers become a range "3...9". */
    static String between(String a, String b) {
        if (a.equals(b)
                || !NUMBER.matcher(a).replaceAll("#").equals(NUMBER.matcher(b).replaceAll("#"))) {
            return a;
        }
        Matcher other = NUMBER.matcher(b);
        return NUMBER.matcher(a).replaceAll(number -> {
            other.find();
            return number.group().equals(other.group()) ? number.group() : number.group() + "\u2026" + other.group();
        });
    }

    private static List<String> describe(StepTree tree, List<Integer> unit) {
        BoxText text = new BoxText(tree);
        for (int item : unit) {
            int input = tree.input(item);
            if (tree.get(item).isGroup()) {
                tree.runs(tree.units(tree.children(item))).forEach(run -> text.add(run, input));
            } else {
                text.add(item, input);
            }
        }
        text.flush();
        return text.lines;
    }

    private void add(List<List<Integer>> run, int groupInput) {
        int first = run.get(0).get(0);
        if (!tree.get(first).isGroup() || (run.size() == 1 && !tree.hasJoin(first))) {
            run.get(0).forEach(item -> add(item, groupInput));
            return;
        }
        flush();
        boolean grows = run.get(0).stream()
                .flatMap(i -> tree.leaves(i).stream())
                .anyMatch(i -> tree.get(i).text().equals(Step.CONCAT));
        String what =
                (run.size() == 1 ? "" : run.size() + TIMES) + tree.get(first).type() + (grows ? " with concat" : "");
        String channels = "channels " + channels(run);
        if (what.length() + channels.length() <= LINE) {
            lines.add(what + ", " + channels);
        } else {
            lines.add(what);
            lines.add(channels);
        }
    }

    private void add(int item, int groupInput) {
        Step step = tree.get(item);
        if (step.isGroup()) {
            flush();
            pending.addAll(tree.leaves(item));
            flush();
        } else if (step.text().equals(Step.ADD)) {
            flush();
            lines.add(step.inputs().contains(groupInput) ? "add the block's input" : "add");
        } else if (step.text().equals(Step.CONCAT)) {
            flush();
            lines.add("concat " + sum(tree, step) + ARROW + step.shape().get(1));
        } else if (!step.inputs().isEmpty()) {
            pending.add(item);
        }
    }

    /** The channels before, between and after the units of a run. */
    private String channels(List<List<Integer>> run) {
        List<String> counts = new ArrayList<>();
        counts.add(Long.toString(tree.channels(tree.input(run.get(0).get(0)))));
        run.forEach(unit -> counts.add(Long.toString(end(tree, unit).shape().get(1))));
        if (counts.stream().distinct().count() == 1) {
            return counts.get(0);
        }
        List<String> shown = counts.size() <= 7
                ? counts
                : List.of(counts.get(0), counts.get(1), counts.get(2), "\u2026", counts.get(counts.size() - 1));
        return String.join(ARROW, shown);
    }

    private static String sum(StepTree tree, Step join) {
        return String.join(
                " + ",
                join.inputs().stream()
                        .map(value -> Long.toString(tree.channels(value)))
                        .toList());
    }

    /** Writes the pending layers, with a new line after each convolution and linear layer. */
    private void flush() {
        List<String> line = new ArrayList<>();
        for (int i : pending) {
            Step step = tree.get(i);
            boolean changesChannels =
                    step.type().startsWith("Conv") || step.type().equals("Linear");
            line.add(
                    changesChannels
                            ? step.text() + ", " + tree.channels(step.inputs().get(0)) + "\u2192"
                                    + step.shape().get(1)
                            : step.text());
            if (changesChannels) {
                lines.add(String.join(ARROW, line));
                line.clear();
            }
        }
        if (!line.isEmpty()) {
            lines.add(String.join(ARROW, line));
        }
        pending.clear();
    }
}
