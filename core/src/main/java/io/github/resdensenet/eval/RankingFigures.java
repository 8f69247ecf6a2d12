package io.github.resdensenet.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How well each class's probability ranks its pictures before all others, and the means over classes.
 *
 * <p>ROC-AUC is the probability that a picture of the class ranks before one of another, ties counting half; it needs
 * both. Average precision is the sum over the thresholds t of (recall(t) - recall(t - 1)) precision(t), without
 * interpolation; it needs pictures of the class.
 */
final class RankingFigures implements Family {
    private final int[] truth;
    private final List<Order> orders;
    private final List<Quantity> quantities = new ArrayList<>();

    /**
     * Pictures by falling probability of one class.
     *
     * @param pictures indices of the pictures
     * @param last whether the next one, if any, has a smaller probability
     */
    private record Order(int[] pictures, boolean[] last) {}

    RankingFigures(int classes, int[] truth, double[][] probabilities) {
        this.truth = truth;
        orders = IntStream.range(0, classes)
                .parallel()
                .mapToObj(c -> order(probabilities, c))
                .toList();
        String noPictures = "no picture is of the class";
        String oneKind = "it needs pictures of the class and of others";
        quantities.add(new Quantity("macro_roc_auc", WHOLE, "all pictures are of one class"));
        quantities.add(new Quantity("macro_average_precision", WHOLE, "there are no pictures"));
        for (int c = 0; c < classes; c++) {
            quantities.add(new Quantity("roc_auc", c, oneKind));
            quantities.add(new Quantity("average_precision", c, noPictures));
        }
    }

    private static Order order(double[][] probabilities, int c) {
        int[] pictures = byFalling(probabilities, c);
        boolean[] last = new boolean[pictures.length];
        for (int i = 0; i < last.length; i++) {
            last[i] = i + 1 == last.length || probabilities[pictures[i]][c] != probabilities[pictures[i + 1]][c];
        }
        return new Order(pictures, last);
    }

    /** Indices of the pictures, those with the largest probability of a class first. */
    static int[] byFalling(double[][] probabilities, int c) {
        return IntStream.range(0, probabilities.length)
                .boxed()
                .sorted((a, b) -> Double.compare(probabilities[b][c], probabilities[a][c]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    @Override
    public List<Quantity> quantities() {
        return quantities;
    }

    @Override
    public void measure(int[] times, double[] into, int at) {
        double areas = 0;
        int withArea = 0;
        double precisions = 0;
        int withPrecision = 0;
        for (int c = 0; c < orders.size(); c++) {
            int slot = at + 2 + 2 * c;
            measureClass(c, times, into, slot);
            if (!Double.isNaN(into[slot])) {
                areas += into[slot];
                withArea++;
            }
            if (!Double.isNaN(into[slot + 1])) {
                precisions += into[slot + 1];
                withPrecision++;
            }
        }
        into[at] = areas / withArea;
        into[at + 1] = precisions / withPrecision;
    }

    private void measureClass(int c, int[] times, double[] into, int slot) {
        Order order = orders.get(c);
        long ofClass = 0; // pictures of the class, and others, up to here
        long others = 0;
        long ofClassBefore = 0; // the same before the ties under way
        long othersBefore = 0;
        double area = 0;
        double precision = 0;
        for (int i = 0; i < order.pictures.length; i++) {
            int picture = order.pictures[i];
            if (truth[picture] == c) {
                ofClass += times[picture];
            } else {
                others += times[picture];
            }
            if (order.last[i] && ofClass + others > ofClassBefore + othersBefore) {
                long found = ofClass - ofClassBefore;
                area += (others - othersBefore) * (ofClassBefore + found / 2.0);
                precision += (double) found * ofClass / (ofClass + others);
                ofClassBefore = ofClass;
                othersBefore = others;
            }
        }
        into[slot] = area / ((double) ofClass * others); // NaN if either is 0
        into[slot + 1] = precision / ofClass;
    }

    @Override
    public Share share(int i) {
        return Share.NONE;
    }
}
