package io.github.resdensenet.train;

import io.github.resdensenet.run.Recipe;

/**
 * The size of the training images in each epoch. Small images at the start make the first epochs fast.
 *
 * @param first height and width in the first epoch
 * @param last height and width in the last quarter of the epochs
 * @param growing number of epochs before the size is {@code last}
 */
record ImageSizes(int first, int last, int growing) {
    private static final int STEP = 16;

    static ImageSizes of(Recipe recipe) {
        int last = recipe.data().imageSize();
        int first = recipe.train().startSize() > 0 ? recipe.train().startSize() : last;
        return new ImageSizes(first, last, first < last ? recipe.train().epochs() * 3 / 4 : 0);
    }

    @Override
    public String toString() {
        return growing == 0
                ? last + " pixels"
                : "grows from " + first + " to " + last + " pixels in the first " + growing + " epochs";
    }

    /** Returns the size in an epoch, from 0: it grows linearly, in steps of {@value #STEP} pixels. */
    int at(int epoch) {
        if (epoch >= growing) {
            return last;
        }
        int steps = (last - first) * epoch / growing / STEP;
        return first + steps * STEP;
    }
}
