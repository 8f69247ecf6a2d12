package io.github.resdensenet.explain;

import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.transforms.RgbImage;
import java.util.ArrayList;
import java.util.List;

/**
 * Hides one part of a picture after the other.
 *
 * @param patch height and width of the grey patch in pixels
 * @param stride distance of its places in pixels, about: the places are spread evenly
 */
record Occlusion(int patch, int stride) {
    private static final int BATCH = 32;

    /** The sizes that a request means for pictures of {@code size} pixels. */
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
     * The probability of a class that is lost with a patch around the centre of each cell.
     *
     * @param picture as large as the network's input
     */
    HeatMap map(Classifier classifier, RgbImage picture, int target) {
        int size = picture.width();
        int cells = Math.max(1, Math.round((float) size / stride));
        double whole = classifier.classify(picture).probabilities().get(target);
        Grey grey = Grey.of(classifier.preprocessing().normalize());
        float[] lost = new float[cells * cells];
        for (int first = 0; first < lost.length; first += BATCH) {
            List<RgbImage> hidden = new ArrayList<>();
            for (int i = first; i < Math.min(first + BATCH, lost.length); i++) {
                int left = start(i % cells, cells, size);
                int top = start(i / cells, cells, size);
                hidden.add(grey.hide(picture, left, top, left + patch, top + patch));
            }
            List<Prediction> answers = classifier.classify(hidden);
            for (int k = 0; k < answers.size(); k++) {
                lost[first + k] =
                        (float) (whole - answers.get(k).probabilities().get(target));
            }
        }
        return new HeatMap(cells, cells, lost);
    }

    /** Where the patch begins, which may be outside of the picture. */
    private int start(int cell, int cells, int size) {
        return Math.round((cell + 0.5f) * size / cells - patch / 2f);
    }
}
