package io.github.resdensenet.transforms;

import io.github.resdensenet.transforms.RandomErasing.Region;
import io.github.resdensenet.util.KeyedRandom;
import java.util.Optional;

/**
 * Mixes each image of a batch with the image before it, and its label likewise, as torchvision's {@code v2.MixUp} and
 * {@code v2.CutMix} do. If both are on, each batch is mixed by one of the two.
 *
 * @param mixup parameter alpha of MixUp's Beta distribution; 0 for no MixUp (H. Zhang et al., "mixup", ICLR 2018)
 * @param cutmix parameter alpha of CutMix's Beta distribution; 0 for no CutMix (S. Yun et al., "CutMix", ICCV 2019)
 */
public record Mixing(double mixup, double cutmix) {
    /**
     * How the images of one batch are mixed.
     *
     * @param lambda weight of an image's own label, 0 to 1; the other image's label has the rest
     * @param region where the pixels are those of the other image; empty if all pixels are mixed by lambda
     */
    public record Mix(double lambda, Optional<Region> region) {}

    @Override
    public String toString() {
        String up = mixup > 0 ? "MixUp(alpha=" + mixup + ")" : "";
        String cut = cutmix > 0 ? "CutMix(alpha=" + cutmix + ")" : "";
        return up.isEmpty() || cut.isEmpty() ? up + cut : up + " or " + cut;
    }

    /** Draws a mix for images of a size. */
    public Mix sample(KeyedRandom random, int height, int width) {
        boolean cut = mixup == 0 || (cutmix > 0 && random.nextDouble() < 0.5);
        double lambda = random.nextBeta(cut ? cutmix : mixup);
        return cut
                ? cut(lambda, random.nextInt(width), random.nextInt(height), height, width)
                : new Mix(lambda, Optional.empty());
    }

    /** Replaces a rectangle of about 1 - lambda of the area, centred at a pixel and cut at the borders. */
    public static Mix cut(double lambda, int x, int y, int height, int width) {
        double half = 0.5 * Math.sqrt(1 - lambda);
        int halfWidth = (int) (half * width);
        int halfHeight = (int) (half * height);
        int left = Math.max(0, x - halfWidth);
        int top = Math.max(0, y - halfHeight);
        int right = Math.min(width, x + halfWidth);
        int bottom = Math.min(height, y + halfHeight);
        double own = 1 - (double) ((right - left) * (bottom - top)) / (width * height);
        return new Mix(own, Optional.of(new Region(top, left, bottom - top, right - left)));
    }
}
