package io.github.resdensenet.serve;

import io.github.resdensenet.eval.DriftReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.statistics.distribution.ChiSquaredDistribution;

/**
 * Compares the images of a model with its validation set, in windows of {@value #WINDOW} images. Only counts are kept,
 * no image.
 *
 * <p>A window differs if a feature's population stability index is at least {@value #LEAST_INDEX} and larger than chance
 * explains: index / (1 / n + 1 / m) is about chi-squared distributed for samples of n and m images of one distribution.
 */
final class DriftMonitor {
    static final int WINDOW = 200;

    private static final double LEAST_INDEX = 0.1;
    private static final double FALSE_ALARMS = 0.0005;

    private final DriftReference reference;
    private final List<int[]> counts = new ArrayList<>();
    private int images;
    private Optional<Window> last = Optional.empty();

    /**
     * A complete window.
     *
     * @param index population stability index per feature
     * @param limit the index from which on a feature differs
     */
    record Window(Map<String, Double> index, Map<String, Double> limit) {
        /** The features that differ. */
        List<String> drifted() {
            return index.keySet().stream()
                    .filter(feature -> index.getOrDefault(feature, 0.0) >= limit.getOrDefault(feature, 0.0))
                    .toList();
        }
    }

    DriftMonitor(DriftReference reference) {
        this.reference = reference;
        for (int f = 0; f < DriftReference.FEATURES.size(); f++) {
            counts.add(new int[reference.bins(f)]);
        }
    }

    /** Adds an image. */
    synchronized void add(double[] features) {
        for (int f = 0; f < features.length; f++) {
            counts.get(f)[reference.bin(f, features[f])]++;
        }
        if (++images == WINDOW) {
            last = Optional.of(window());
            counts.forEach(bins -> Arrays.fill(bins, 0));
            images = 0;
        }
    }

    /** The last complete window. */
    synchronized Optional<Window> last() {
        return last;
    }

    private Window window() {
        Map<String, Double> index = new LinkedHashMap<>();
        Map<String, Double> limit = new LinkedHashMap<>();
        for (int f = 0; f < counts.size(); f++) {
            String feature = DriftReference.FEATURES.get(f);
            index.put(feature, reference.stabilityIndex(f, counts.get(f)));
            limit.put(feature, limit(reference.bins(f), reference.images()));
        }
        return new Window(index, limit);
    }

    private static double limit(int bins, int reference) {
        if (bins < 2) {
            return LEAST_INDEX;
        }
        double chance = ChiSquaredDistribution.of(bins - 1).inverseSurvivalProbability(FALSE_ALARMS);
        return Math.max(LEAST_INDEX, chance * (1.0 / reference + 1.0 / WINDOW));
    }

    /** The state as JSON. */
    synchronized Map<String, Object> json() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("window", WINDOW);
        fields.put("images_in_window", images);
        fields.put("reference_images", reference.images());
        last.ifPresent(window -> {
            fields.put("index", window.index());
            fields.put("limit", window.limit());
            fields.put("drifted", window.drifted());
        });
        return fields;
    }
}
