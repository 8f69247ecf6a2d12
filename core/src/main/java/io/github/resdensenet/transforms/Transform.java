package io.github.resdensenet.transforms;

/** A step from picture to picture. Steps print as torchvision prints them. */
public interface Transform {
    /**
     * The changed picture; the given one stays as it is.
     *
     * @param random where a random step draws from; a fixed step ignores it
     */
    RgbImage apply(RgbImage image, KeyedRandom random);
}
