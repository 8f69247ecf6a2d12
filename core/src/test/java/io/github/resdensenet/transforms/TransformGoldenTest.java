package io.github.resdensenet.transforms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.util.KeyedRandom;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.InflaterInputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * Checks that the random transforms give the same pixels as torchvision for given parameters, and that their parameters
 * have torchvision's distributions. The cases come from fixtures/transform_goldens.py.
 */
class TransformGoldenTest {
    private final JsonNode golden = Golden.json("transforms.json");
    private final List<String> wrong = new ArrayList<>();

    private static RgbImage image(String name, JsonNode c) {
        int height = c.get("height").asInt();
        int width = c.get("width").asInt();
        boolean grey = c.has("grey") && c.get("grey").asBoolean();
        return new RgbImage(width, height, Counter.image(name, height, width, grey));
    }

    private void check(int i, JsonNode c, String key, RgbImage result) throws Exception {
        if (!PixelGoldenTest.sha256(result.pixels()).startsWith(c.get(key).asString())) {
            wrong.add(i + " " + key);
        }
    }

    private static int[] integers(JsonNode array) {
        return Arrays.stream(Golden.integers(array)).mapToInt(Math::toIntExact).toArray();
    }

    private static PolicyOp.Step step(PolicyOp.Space space, PolicyOp op, int bin, boolean negative) {
        double magnitude = space.magnitude(op, bin);
        return new PolicyOp.Step(op, op.signed() && negative ? -magnitude : magnitude);
    }

    private static PolicyOp.Step step(PolicyOp.Space space, JsonNode c) {
        return step(
                space,
                PolicyOp.valueOf(c.get(0).asString()),
                c.get(1).asInt(),
                c.get(2).asBoolean());
    }

    @Test
    void givenParametersGiveTorchvisionsPixelsOn200Images() throws Exception {
        JsonNode cases = golden.get("images");
        for (int i = 0; i < cases.size(); i++) {
            JsonNode c = cases.get(i);
            RgbImage image = image("transform/" + i, c);
            byte[] before = image.pixels().clone();
            int size = c.get("size").asInt();
            check(i, c, "flip", RandomVerticalFlip.flip(image));
            check(i, c, "short", new ResizeShortSide(size).apply(image));
            check(i, c, "center", new CenterCrop(size).apply(image));
            check(i, c, "pad", new PadToSquare().apply(image));
            int[] box = integers(c.get("box"));
            RandomErasing.Region region = new RandomErasing.Region(box[0], box[1], box[2], box[3]);
            check(i, c, "crop", new RandomResizedCrop(size, 0.5).apply(image, region));
            check(i, c, "rotate", RandomRotation.apply(image, c.get("angle").asDouble()));
            double[] affine = Golden.numbers(c.get("affine"));
            RandomAffine.Parameters parameters =
                    new RandomAffine.Parameters(affine[0], (int) affine[1], (int) affine[2], affine[3], affine[4], 0);
            check(i, c, "affined", RandomAffine.apply(image, parameters));
            if (c.has("corners")) {
                check(i, c, "perspective", RandomPerspective.apply(image, integers(c.get("corners"))));
            }
            List<ColorJitter.Adjustment> jitter = new ArrayList<>();
            c.get("jitter")
                    .forEach(a -> jitter.add(new ColorJitter.Adjustment(
                            ColorJitter.Step.valueOf(a.get(0).asString()),
                            a.get(1).asDouble())));
            check(i, c, "jittered", ColorJitter.apply(image, jitter));
            List<PolicyOp.Step> chain = new ArrayList<>();
            c.get("rand").forEach(s -> chain.add(step(RandAugment.space(image.height(), image.width()), s)));
            check(i, c, "randed", RandAugment.apply(image, chain));
            check(i, c, "widened", step(TrivialAugmentWide.SPACE, c.get("wide")).apply(image));
            assertThat(image.pixels()).as("input %d", i).isEqualTo(before);
        }
        assertThat(wrong).isEmpty();
        assertThat(cases.size()).isEqualTo(200);
    }

    @Test
    void everyMagnitudeOfEveryPolicyOperationGivesTorchvisionsPixels() throws Exception {
        JsonNode cases = golden.get("operations");
        for (int i = 0; i < cases.size(); i++) {
            JsonNode c = cases.get(i);
            RgbImage image = image("operation/" + i, c);
            PolicyOp.Space rand = RandAugment.space(image.height(), image.width());
            for (PolicyOp op : PolicyOp.values()) {
                check(i, c.get("rand"), op.name(), everyMagnitude(image, rand, op));
                check(i, c.get("wide"), op.name(), everyMagnitude(image, TrivialAugmentWide.SPACE, op));
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(cases.size()).isEqualTo(4);
    }

    /** Returns the results of all magnitudes and signs as one high image. */
    private static RgbImage everyMagnitude(RgbImage image, PolicyOp.Space space, PolicyOp op) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int bin = 0; bin < PolicyOp.BINS; bin++) {
            all.writeBytes(step(space, op, bin, false).apply(image).pixels());
            all.writeBytes(step(space, op, bin, true).apply(image).pixels());
        }
        return new RgbImage(image.width(), image.height() * PolicyOp.BINS * 2, all.toByteArray());
    }

    @Test
    void gaussianBlurIsWithinOneLevelOfTorchvisionOn200Images() throws Exception {
        JsonNode cases = golden.get("blurs");
        for (int i = 0; i < cases.size(); i++) {
            JsonNode c = cases.get(i);
            byte[] compressed = Base64.getDecoder().decode(c.get("pixels").asString());
            byte[] expected = new InflaterInputStream(new ByteArrayInputStream(compressed)).readAllBytes();
            byte[] blurred = new GaussianBlur(c.get("kernel").asInt(), 2)
                    .apply(image("blur/" + i, c), c.get("sigma").asDouble())
                    .pixels();
            assertThat(blurred).hasSameSizeAs(expected);
            int apart = IntStream.range(0, expected.length)
                    .map(k -> Math.abs((blurred[k] & 255) - (expected[k] & 255)))
                    .max()
                    .orElseThrow();
            if (apart > 1) {
                wrong.add(i + " " + apart);
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(cases.size()).isEqualTo(200);
    }

    @Test
    void gaussianBlurReflectsImagesThatAreSmallerThanItsKernel() {
        RgbImage image = new RgbImage(2, 1, new byte[] {0, 10, 20, 100, 110, 120});
        assertThat(new GaussianBlur(5, 2)
                        .apply(new RgbImage(1, 1, new byte[] {1, 2, 3}), 1.0)
                        .pixels())
                .containsExactly(1, 2, 3);
        assertThat(new GaussianBlur(5, 2).apply(image, 1e6).pixels()).containsExactly(40, 50, 60, 60, 70, 80);
    }

    @Test
    void degeneratePerspectiveKeepsTheImage() {
        RgbImage line = new RgbImage(1, 3, new byte[9]);
        assertThat(RandomPerspective.apply(line, new int[] {0, 0, 0, 0, 0, 2, 0, 2}))
                .isSameAs(line);
        RgbImage small = new RgbImage(2, 2, new byte[12]);
        assertThat(RandomPerspective.apply(small, new int[] {1, 0, 1, 0, 1, 1, 0, 1}))
                .isSameAs(small);
    }

    @Test
    void withoutHueColorJitterDrawsTheNumbersOfEarlierVersions() {
        KeyedRandom random = KeyedRandom.of(7, 3);
        List<ColorJitter.Adjustment> earlier = new ArrayList<>();
        for (int i : random.permutation(3)) {
            double amount = 0.1 * (i + 1);
            earlier.add(new ColorJitter.Adjustment(
                    ColorJitter.Step.values()[i], random.nextDouble(Math.max(0, 1 - amount), 1 + amount)));
        }
        ColorJitter jitter = new ColorJitter(0.1 * 1, 0.1 * 2, 0.1 * 3);
        assertThat(jitter.sample(KeyedRandom.of(7, 3))).isEqualTo(earlier);
    }

    @Test
    void textsAreThoseOfTorchvision() {
        List<Object> ours = List.of(
                new RandomVerticalFlip(0.3),
                new ResizeShortSide(64),
                new CenterCrop(64),
                new RandomResizedCrop(64, 0.08),
                new RandomRotation(12.5),
                new RandomAffine(10, 0, 0, 0),
                new RandomAffine(10, 0.1, 0.1, 5),
                new RandomPerspective(0.4, 0.5),
                new ColorJitter(0.1, 0, 1.5, 0.05),
                new ColorJitter(0.1, 0, 1.5),
                new GaussianBlur(5, 2),
                new RandomErasing(0.25),
                new RandAugment(2, 9),
                new TrivialAugmentWide());
        List<String> texts = new ArrayList<>();
        golden.get("texts").forEach(text -> texts.add(text.asString()));
        assertThat(ours.stream().map(Object::toString)).isEqualTo(texts);
    }

    @Test
    void valuesOutsideTheirRangesAreRejectedWithTheRecipeKey() {
        rejects("augment.verticalFlip", () -> new RandomVerticalFlip(1.1));
        rejects("augment.cropScale", () -> new RandomResizedCrop(8, 0));
        rejects("augment.rotation", () -> new RandomRotation(-1));
        rejects("augment.rotation", () -> new RandomAffine(181, 0, 0, 0));
        rejects("augment.translate", () -> new RandomAffine(0, 1.1, 0, 0));
        rejects("augment.scale", () -> new RandomAffine(0, 0, 1, 0));
        rejects("augment.shear", () -> new RandomAffine(0, 0, 0, 90));
        rejects("augment.perspective", () -> new RandomPerspective(Double.NaN, 0.5));
        rejects("augment.perspective", () -> new RandomPerspective(0.5, 2));
        rejects("augment.blur", () -> new GaussianBlur(4, 2));
        rejects("augment.blur", () -> new GaussianBlur(5, 0.05));
        rejects("augment.erasing", () -> new RandomErasing(-0.1));
        rejects("augment.hue", () -> new ColorJitter(0, 0, 0, 0.6));
        rejects("augment.policyOps", () -> new RandAugment(0, 9));
        rejects("augment.policyMagnitude", () -> new RandAugment(2, 31));
        rejects("size", () -> new CenterCrop(0));
        rejects("size", () -> new ResizeShortSide(0));
        rejects("size", () -> new RandomResizedCrop(0, 0.5));
        RgbImage line = new RgbImage(40_000, 1, new byte[120_000]);
        rejects("longer side", () -> new ResizeShortSide(224).apply(line));
        rejects("too large", () -> new PadToSquare().apply(line));
    }

    private static void rejects(String text, ThrowingCallable code) {
        assertThatThrownBy(code).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(text);
    }
}
