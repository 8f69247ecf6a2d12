package io.github.resdensenet.transforms;

import io.github.resdensenet.util.Choices;
import io.github.resdensenet.util.Decimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Augmentation of the training images, by transforms of torchvision. A value of 0 switches a transform off, and 1 does so
 * for {@code cropScale}.
 *
 * @param horizontalFlip probability of mirroring left to right, 0 to 1
 * @param verticalFlip probability of mirroring top to bottom, 0 to 1
 * @param cropScale smallest area of a random crop as a fraction of the image, above 0 to 1 (RandomResizedCrop)
 * @param rotation largest angle in degrees, 0 to 180
 * @param translate largest shift as a fraction of width and height, 0 to 1
 * @param scale half-width x of the range of the scale, 1 - x to 1 + x; 0 to below 1
 * @param shear largest angle of shearing in degrees, 0 to below 90
 * @param perspective distortion of half of the images, 0 to 1
 * @param brightness half-width x of the range of the random factor, 1 - x to 1 + x
 * @param contrast half-width of the range of the contrast factor
 * @param saturation half-width of the range of the saturation factor
 * @param hue largest shift of the hue as a fraction of the colour circle, 0 to 0.5
 * @param blur largest standard deviation of a Gaussian blur in pixels
 * @param erasing probability of erasing a rectangle, 0 to 1
 * @param policy an automatic policy
 * @param policyOps operations per image for RandAugment, at least 1
 * @param policyMagnitude strength of RandAugment, 0 to 30
 * @param mixup parameter alpha of the Beta distribution of the weight with which two images are mixed
 * @param cutmix parameter alpha of the Beta distribution of the area that is replaced by another image's
 */
public record Augmentation(
        double horizontalFlip,
        double verticalFlip,
        double cropScale,
        double rotation,
        double translate,
        double scale,
        double shear,
        double perspective,
        double brightness,
        double contrast,
        double saturation,
        double hue,
        double blur,
        double erasing,
        Policy policy,
        int policyOps,
        int policyMagnitude,
        double mixup,
        double cutmix) {
    private static final double HALF = 0.5;
    private static final int BLUR_KERNEL = 5;

    /** An automatic augmentation policy. */
    public enum Policy {
        /** None. */
        NONE,
        /** Some random operations of one strength (E. Cubuk et al., "RandAugment", 2020). */
        RANDAUGMENT,
        /** One random operation of random strength (S. Müller, F. Hutter, "TrivialAugment", 2021). */
        TRIVIALAUGMENTWIDE;

        @Override
        public String toString() {
            return Choices.label(this);
        }
    }

    /** Checks the range of every value. */
    public Augmentation {
        check(horizontalFlip >= 0 && horizontalFlip <= 1, "horizontalFlip", "0 to 1", horizontalFlip);
        check(verticalFlip >= 0 && verticalFlip <= 1, "verticalFlip", "0 to 1", verticalFlip);
        check(cropScale > 0 && cropScale <= 1, "cropScale", "above 0 to 1", cropScale);
        check(rotation >= 0 && rotation <= 180, "rotation", "0 to 180", rotation);
        check(translate >= 0 && translate <= 1, "translate", "0 to 1", translate);
        check(scale >= 0 && scale < 1, "scale", "0 to below 1", scale);
        check(shear >= 0 && shear < 90, "shear", "0 to below 90", shear);
        check(perspective >= 0 && perspective <= 1, "perspective", "0 to 1", perspective);
        check(brightness >= 0 && brightness <= 10, "brightness", "0 to 10", brightness);
        check(contrast >= 0 && contrast <= 10, "contrast", "0 to 10", contrast);
        check(saturation >= 0 && saturation <= 10, "saturation", "0 to 10", saturation);
        check(hue >= 0 && hue <= HALF, "hue", "0 to 0.5", hue);
        check(blur == 0 || (blur >= GaussianBlur.MIN_SIGMA && blur <= 10), "blur", "0, or 0.1 to 10", blur);
        check(erasing >= 0 && erasing <= 1, "erasing", "0 to 1", erasing);
        check(policyOps >= 1 && policyOps <= 10, "policyOps", "1 to 10", policyOps);
        check(policyMagnitude >= 0 && policyMagnitude <= 30, "policyMagnitude", "0 to 30", policyMagnitude);
        check(mixup >= 0 && mixup <= 100, "mixup", "0 to 100", mixup);
        check(cutmix >= 0 && cutmix <= 100, "cutmix", "0 to 100", cutmix);
    }

    private static void check(boolean ok, String key, String rule, Object value) {
        if (!ok) {
            throw new IllegalArgumentException("augment." + key + " must be " + rule + ", got " + value);
        }
    }

    /** Whether images are cropped at random, for which training needs more of an image than the network's input. */
    public boolean crops() {
        return cropScale < 1;
    }

    /** Returns the transforms from an image to the network's input during training. */
    public Compose over(Preprocessing preprocessing) {
        List<Transform> steps = new ArrayList<>();
        if (crops()) {
            steps.add(new RandomResizedCrop(preprocessing.imageSize(), cropScale));
        } else {
            steps.addAll(preprocessing.steps());
        }
        if (horizontalFlip > 0) {
            steps.add(new RandomHorizontalFlip(horizontalFlip));
        }
        if (verticalFlip > 0) {
            steps.add(new RandomVerticalFlip(verticalFlip));
        }
        if (translate > 0 || scale > 0 || shear > 0) {
            steps.add(new RandomAffine(rotation, translate, scale, shear));
        } else if (rotation > 0) {
            steps.add(new RandomRotation(rotation));
        }
        if (perspective > 0) {
            steps.add(new RandomPerspective(perspective, HALF));
        }
        switch (policy) {
            case NONE -> {}
            case RANDAUGMENT -> steps.add(new RandAugment(policyOps, policyMagnitude));
            case TRIVIALAUGMENTWIDE -> steps.add(new TrivialAugmentWide());
        }
        if (brightness > 0 || contrast > 0 || saturation > 0 || hue > 0) {
            steps.add(new ColorJitter(brightness, contrast, saturation, hue));
        }
        if (blur > 0) {
            steps.add(new GaussianBlur(BLUR_KERNEL, blur));
        }
        Optional<RandomErasing> last = erasing > 0 ? Optional.of(new RandomErasing(erasing)) : Optional.empty();
        return new Compose(steps, preprocessing.imageSize(), preprocessing.normalize(), last);
    }

    /** Returns how the images of a batch are mixed; empty if they are not. */
    public Optional<Mixing> mixing() {
        return mixup > 0 || cutmix > 0 ? Optional.of(new Mixing(mixup, cutmix)) : Optional.empty();
    }

    /** Returns the transforms that are on with their values, for example "flip 0.5, jitter 0.2/0.2/0.1"; "none" if none. */
    public String summary() {
        List<String> parts = new ArrayList<>();
        add(parts, "flip", horizontalFlip);
        add(parts, "vertical flip", verticalFlip);
        add(parts, "crop", crops() ? cropScale : 0);
        add(parts, "rotation", rotation);
        add(parts, "translate", translate);
        add(parts, "scale", scale);
        add(parts, "shear", shear);
        add(parts, "perspective", perspective);
        if (policy != Policy.NONE) {
            parts.add(policy + (policy == Policy.RANDAUGMENT ? " " + policyOps + "/" + policyMagnitude : ""));
        }
        if (brightness + contrast + saturation + hue > 0) {
            parts.add("jitter " + Decimal.plain(brightness) + "/" + Decimal.plain(contrast) + "/"
                    + Decimal.plain(saturation) + (hue > 0 ? "/" + Decimal.plain(hue) : ""));
        }
        add(parts, "blur", blur);
        add(parts, "erasing", erasing);
        add(parts, "MixUp", mixup);
        add(parts, "CutMix", cutmix);
        return parts.isEmpty() ? "none" : String.join(", ", parts);
    }

    private static void add(List<String> parts, String name, double value) {
        if (value > 0) {
            parts.add(name + " " + Decimal.plain(value));
        }
    }
}
