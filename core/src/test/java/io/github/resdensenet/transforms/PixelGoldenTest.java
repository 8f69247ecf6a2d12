package io.github.resdensenet.transforms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.testkit.Trust;
import io.github.resdensenet.util.KeyedRandom;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Checks that the transforms give the same pixels as Pillow and torchvision. */
class PixelGoldenTest {
    private final JsonNode golden = Golden.json("pixels.json");

    static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static RgbImage image(String name, JsonNode c, int width) {
        int height = c.get("height").asInt();
        return new RgbImage(
                width, height, Counter.image(name, height, width, c.get("grey").asBoolean()));
    }

    @Test
    void resizeMatchesPillow() throws Exception {
        JsonNode cases = golden.get("resize");
        for (int i = 0; i < cases.size(); i++) {
            JsonNode c = cases.get(i);
            RgbImage image = image("resize/" + i, c, c.get("width").asInt());
            Resize resize =
                    new Resize(c.get("toHeight").asInt(), c.get("toWidth").asInt());
            assertThat(sha256(resize.apply(image).pixels()))
                    .as("%s", c)
                    .isEqualTo(c.get("sha256").asString());
        }
        assertThat(cases.size()).isEqualTo(16);
    }

    @Test
    void colorJitterMatchesPillowInAnyOrder() throws Exception {
        JsonNode cases = golden.get("jitter");
        for (int i = 0; i < cases.size(); i++) {
            JsonNode c = cases.get(i);
            List<ColorJitter.Adjustment> adjustments = new ArrayList<>();
            c.get("adjustments")
                    .forEach(a -> adjustments.add(new ColorJitter.Adjustment(
                            ColorJitter.Step.valueOf(a.get("step").asString()),
                            a.get("factor").asDouble())));
            RgbImage result = ColorJitter.apply(image("jitter/" + i, c, 33), adjustments);
            assertThat(sha256(result.pixels()))
                    .as("%s", c)
                    .isEqualTo(c.get("sha256").asString());
        }
        assertThat(cases.size()).isEqualTo(60);
    }

    @Test
    void evaluationTransformMatchesTorchvisionTensor() {
        JsonNode cases = golden.get("tensor");
        for (int i = 0; i < cases.size(); i++) {
            JsonNode c = cases.get(i);
            int size = c.get("size").asInt();
            Preprocessing preprocessing = new Preprocessing(size, Normalize.IMAGENET);
            byte[] rgb = preprocessing
                    .evaluation()
                    .apply(image("tensor/" + i, c, c.get("width").asInt()), KeyedRandom.of(0))
                    .pixels();
            float[][] table = Normalize.IMAGENET.table();
            double[] chw = new double[rgb.length];
            double squares = 0;
            for (int k = 0; k < rgb.length; k++) {
                double value = table[k % 3][rgb[k] & 255];
                chw[k % 3 * size * size + k / 3] = value;
                squares += value * value;
            }
            assertThat(Math.sqrt(squares)).isCloseTo(c.get("norm").asDouble(), within(1e-6));
            for (int k = 0; k < c.get("at").size(); k++) {
                assertThat(chw[c.get("at").get(k).asInt()])
                        .isCloseTo(c.get("values").get(k).asDouble(), within(1e-6));
            }
        }
    }

    /** Runs 500 images through all transforms. The cases come from fixtures/pixel_goldens.py. */
    @Test
    void transformChainMatchesPillowAndTorchvision() throws Exception {
        List<Integer> wrong = new ArrayList<>();
        JsonNode cases = Golden.json("chains.json");
        for (int i = 0; i < cases.size(); i++) {
            JsonNode c = cases.get(i);
            int height = c.get(0).asInt();
            int width = c.get(1).asInt();
            int to = c.get(2).asInt();
            byte[] pixels = Counter.image("chain/" + i, height, width, c.get(3).asBoolean());
            RgbImage resized = new Resize(to, to).apply(new RgbImage(width, height, pixels));
            RgbImage image = c.get(4).asBoolean() ? RandomHorizontalFlip.flip(resized) : resized;
            List<ColorJitter.Adjustment> adjustments = new ArrayList<>();
            c.get(5)
                    .forEach(a -> adjustments.add(new ColorJitter.Adjustment(
                            ColorJitter.Step.valueOf(a.get(0).asString()),
                            a.get(1).asDouble())));
            image = ColorJitter.apply(image, adjustments);
            float[][] table = Normalize.IMAGENET.table();
            double squares = 0;
            for (int k = 0; k < image.pixels().length; k++) {
                double value = table[k % 3][image.pixels()[k] & 255];
                squares += value * value;
            }
            float green = table[1][image.pixels()[3 * (to / 2 * to + to / 3) + 1] & 255];
            boolean matches = sha256(resized.pixels()).startsWith(c.get(6).asString())
                    && sha256(image.pixels()).startsWith(c.get(7).asString())
                    && Math.abs(Math.sqrt(squares) - c.get(8).asDouble()) < 2e-5
                    && Math.abs(green - c.get(9).asDouble()) < 2e-6;
            if (!matches) {
                wrong.add(i);
            }
        }
        Trust.row("I4", cases.size(), wrong.size(), wrong);
        assertThat(wrong).isEmpty();
        assertThat(cases.size()).isEqualTo(500);
    }
}
