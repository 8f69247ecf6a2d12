package io.github.resdensenet.run;

import io.github.resdensenet.data.ImageFolder;
import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.ImageDecoder.Size;
import java.util.ArrayList;
import java.util.List;

/**
 * An image size that fits the images of a folder: enough for half of them, so that few are enlarged.
 *
 * @param size height and width in pixels
 * @param shortSide median of the images' short sides; 0 if no image can be read
 */
record AutoSize(int size, int shortSide) {
    private static final int STEP = 32;
    private static final int LARGEST = 224;
    private static final int MOST_IMAGES = 1000;

    /**
     * Chooses a size: the median of the short sides, rounded up to a multiple of {@value #STEP}, at most {@value #LARGEST}.
     * Of a large folder, it reads the size of {@value #MOST_IMAGES} images.
     */
    static AutoSize of(ImageFolder images) {
        int all = images.samples().size();
        int n = Math.min(all, MOST_IMAGES);
        List<Integer> shortSides = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            ImageDecoder.size(images.samples().get((int) ((long) i * all / n)).path())
                    .map(Size::shortSide)
                    .ifPresent(shortSides::add);
        }
        if (shortSides.isEmpty()) {
            return new AutoSize(LARGEST, 0);
        }
        int median = shortSides.stream()
                .sorted()
                .skip((shortSides.size() - 1) / 2)
                .findFirst()
                .orElse(LARGEST);
        int size = Math.min(LARGEST, (median + STEP - 1) / STEP * STEP);
        return new AutoSize(size, median);
    }

    /** Returns why the size was chosen, for the log. */
    String reason() {
        return shortSide == 0
                ? "the images' sizes cannot be read"
                : "the median of the images' short sides is " + shortSide + " pixels";
    }
}
