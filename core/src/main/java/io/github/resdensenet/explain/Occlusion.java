package io.github.resdensenet.explain;

import io.github.resdensenet.explain.Explainer.Request;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import java.util.ArrayList;
import java.util.List;

/**
 * The occlusion method: hides each region of the image in turn and measures the drop in probability.
 *
 * @param patch height and width of the patch in pixels
 * @param stride approximate distance between patch positions in pixels; the positions are spaced evenly
 */
record Occlusion(int patch, int stride) {
    private static final int BATCH = 32;

    /** The patch and stride of a request for images of {@code size} pixels. */
    static Occlusion of(Request request, int size) {
        int patch = request.patch() > 0 ? request.patch() : Math.max(1, size / 8);
        int stride = request.stride() > 0 ? request.stride() : Math.max(1, patch / 2);
        if (patch > size || stride > size) {
            throw new IllegalArgumentException(
                    "patch and stride must be at most the image size " + size + ", got " + patch + " and " + stride);
        }
        return new Occlusion(patch, stride);
    }

    /**
     * The drop in probability of a class when a patch hides the area around the centre of each cell.
     *
     * @param image image at the network's input size
     */
    HeatMap map(Classifier classifier, RgbImage image, int target) {
        int size = image.width();
        int cells = Math.max(1, Math.round((float) size / stride));
        double whole = classifier.classify(image).probabilities().get(target);
        GreyBaseline baseline = GreyBaseline.of(classifier.preprocessing().normalize());
        float[] drops = new float[cells * cells];
        for (int first = 0; first < drops.length; first += BATCH) {
            List<RgbImage> hidden = new ArrayList<>();
            for (int i = first; i < Math.min(first + BATCH, drops.length); i++) {
                int left = start(i % cells, cells, size);
                int top = start(i / cells, cells, size);
                hidden.add(baseline.hide(image, left, top, left + patch, top + patch));
            }
            List<Prediction> predictions = classifier.classify(hidden);
            for (int k = 0; k < predictions.size(); k++) {
                drops[first + k] =
                        (float) (whole - predictions.get(k).probabilities().get(target));
            }
        }
        return new HeatMap(cells, cells, drops);
    }

    /** Where the patch begins; may be outside of the image. */
    private int start(int cell, int cells, int size) {
        return Math.round((cell + 0.5f) * size / cells - patch / 2f);
    }
}
