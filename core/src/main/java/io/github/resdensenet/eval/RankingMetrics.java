package io.github.resdensenet.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * ROC-AUC and average precision of each class against the rest, and their macro averages.
 *
 * <p>ROC-AUC is the probability that an image of the class ranks above an image of another class; ties count half. It
 * is undefined without images of the class or without images of other classes.
 *
 * <p>Average precision is the sum of (recall(t) - recall(t - 1)) precision(t) over all thresholds t, without
 * interpolation. It is undefined without images of the class.
 */
final class RankingMetrics implements MetricFamily {
    private final int[] truth;
    private final List<Order> orders;
    private final List<Quantity> quantities = new ArrayList<>();

    /**
     * The images in descending order of the probability of one class.
     *
     * @param images indices of the images
     * @param last whether an image is the last one with its probability
     */
    private record Order(int[] images, boolean[] last) {}

    RankingMetrics(int classes, int[] truth, double[][] probabilities) {
        this.truth = truth;
        orders = IntStream.range(0, classes)
                .parallel()
                .mapToObj(c -> order(probabilities, c))
                .toList();
        String noImages = "the class has no images";
        String oneSide = "ROC-AUC needs images of the class and of other classes";
        quantities.add(new Quantity("macro_roc_auc", ALL_CLASSES, "all images are of one class"));
        quantities.add(new Quantity("macro_average_precision", ALL_CLASSES, "there are no images"));
        for (int c = 0; c < classes; c++) {
            quantities.add(new Quantity("roc_auc", c, oneSide));
            quantities.add(new Quantity("average_precision", c, noImages));
        }
    }

    private static Order order(double[][] probabilities, int c) {
        int[] images = descending(probabilities, c);
        boolean[] last = new boolean[images.length];
        for (int i = 0; i < last.length; i++) {
            last[i] = i + 1 == last.length || probabilities[images[i]][c] != probabilities[images[i + 1]][c];
        }
        return new Order(images, last);
    }

    /** Indices of the images in descending order of the probability of a class. */
    static int[] descending(double[][] probabilities, int c) {
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
        long ofClass = 0; // images of the class, and of other classes, up to here
        long others = 0;
        long ofClassBefore = 0; // the same without the images of the current probability
        long othersBefore = 0;
        double area = 0;
        double precision = 0;
        for (int i = 0; i < order.images.length; i++) {
            int image = order.images[i];
            if (truth[image] == c) {
                ofClass += times[image];
            } else {
                others += times[image];
            }
            if (order.last[i] && ofClass + others > ofClassBefore + othersBefore) {
                long found = ofClass - ofClassBefore;
                area += (others - othersBefore) * (ofClassBefore + found / 2.0);
                precision += (double) found * ofClass / (ofClass + others);
                ofClassBefore = ofClass;
                othersBefore = others;
            }
        }
        into[slot] = area / ((double) ofClass * others); // NaN if one of them is 0
        into[slot + 1] = precision / ofClass;
    }

    @Override
    public Proportion proportion(int i) {
        return Proportion.NONE;
    }
}
