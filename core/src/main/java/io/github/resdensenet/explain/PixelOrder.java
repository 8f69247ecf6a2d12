package io.github.resdensenet.explain;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.util.KeyedRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Deletion and insertion curves: hides or shows the squares of an image in descending order of the attribution map, and
 * in random orders for comparison. V. Petsiuk et al., "RISE" (BMVC 2018).
 *
 * @param image image at the network's input size
 * @param target index of the class whose probability is measured
 * @param grid number of squares in each row and column
 * @param best indices of the squares, in descending order of the mean map value
 */
record PixelOrder(RgbImage image, int target, int grid, int[] best) {
    private static final int GRID = 14;
    private static final int STEPS = 14;
    private static final int RANDOM_ORDERS = 5;

    static PixelOrder of(Explanation explanation) {
        RgbImage image = explanation.image();
        int size = image.width();
        int grid = Math.min(GRID, size);
        HeatMap fine = explanation.map().resized(size, size);
        double[] mean = new double[grid * grid];
        for (int i = 0; i < mean.length; i++) {
            int left = i % grid * size / grid;
            int right = (i % grid + 1) * size / grid;
            int top = i / grid * size / grid;
            int bottom = (i / grid + 1) * size / grid;
            mean[i] = IntStream.range(top, bottom)
                    .mapToDouble(y -> IntStream.range(left, right)
                            .mapToDouble(x -> fine.at(x, y))
                            .average()
                            .orElseThrow())
                    .average()
                    .orElseThrow();
        }
        int[] best = IntStream.range(0, mean.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -mean[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        return new PixelOrder(image, explanation.target(), grid, best);
    }

    /** Probabilities of the class while squares are hidden (deletion) or shown (insertion), from none to all. */
    FaithfulnessCheck.Curve curve(Classifier classifier, boolean deletion) {
        List<List<Double>> random = IntStream.range(0, RANDOM_ORDERS)
                .mapToObj(key -> KeyedRandom.of(key).permutation(best.length))
                .map(order -> probabilities(classifier, order, deletion))
                .toList();
        return new FaithfulnessCheck.Curve(probabilities(classifier, best, deletion), random);
    }

    private List<Double> probabilities(Classifier classifier, int[] order, boolean deletion) {
        GreyBaseline baseline = GreyBaseline.of(classifier.preprocessing().normalize());
        List<RgbImage> images = new ArrayList<>();
        for (int step = 0; step <= STEPS; step++) {
            int done = order.length * step / STEPS;
            RgbImage covered = baseline.hide(image, 0, 0, 0, 0);
            for (int k = deletion ? 0 : done; k < (deletion ? done : order.length); k++) {
                hide(covered, baseline, order[k]);
            }
            images.add(covered);
        }
        List<Prediction> predictions = classifier.classify(images);
        return predictions.stream().map(p -> p.probabilities().get(target)).toList();
    }

    private void hide(RgbImage image, GreyBaseline baseline, int square) {
        int x = square % grid;
        int y = square / grid;
        int width = image.width();
        int height = image.height();
        baseline.paint(image, x * width / grid, y * height / grid, (x + 1) * width / grid, (y + 1) * height / grid);
    }
}
