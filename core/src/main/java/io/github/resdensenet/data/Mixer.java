package io.github.resdensenet.data;

import io.github.resdensenet.transforms.Mixing.Mix;
import io.github.resdensenet.transforms.RandomErasing.Region;
import java.nio.FloatBuffer;

/** Mixes each image of a batch with the one before it; the first one with the last one. */
final class Mixer {
    private final int size;
    private final int values;
    private final float[] image;
    private final float[] other;

    /** Creates a mixer for images of [3, size, size]. */
    Mixer(int size) {
        this.size = size;
        values = 3 * size * size;
        image = new float[values];
        other = new float[values];
    }

    /**
     * Mixes images in place.
     *
     * @param pixels the images, one after the other
     * @param count number of images
     * @param before the image before the first one
     */
    void mix(FloatBuffer pixels, int count, float[] before, Mix mix) {
        for (int i = count - 1; i >= 0; i--) {
            pixels.get(i * values, image);
            if (i > 0) {
                pixels.get((i - 1) * values, other);
            } else {
                System.arraycopy(before, 0, other, 0, values);
            }
            mix.region().ifPresentOrElse(this::replace, () -> blend(mix.lambda()));
            pixels.put(i * values, image);
        }
    }

    private void replace(Region region) {
        for (int c = 0; c < 3; c++) {
            for (int y = region.top(); y < region.top() + region.height(); y++) {
                int at = (c * size + y) * size + region.left();
                System.arraycopy(other, at, image, at, region.width());
            }
        }
    }

    private void blend(double lambda) {
        float own = (float) lambda;
        float rest = (float) (1 - lambda);
        for (int i = 0; i < values; i++) {
            image[i] = other[i] * rest + image[i] * own;
        }
    }
}
