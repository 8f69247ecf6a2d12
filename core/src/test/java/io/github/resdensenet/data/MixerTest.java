package io.github.resdensenet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.nn.Targets;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.testkit.TestModels;
import io.github.resdensenet.transforms.Mixing;
import io.github.resdensenet.transforms.Mixing.Mix;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Compares mixed batches and targets with torchvision's MixUp and CutMix. */
class MixerTest {
    private static final int SIZE = 9;
    private static final int IMAGES = 5;
    private static final int VALUES = 3 * SIZE * SIZE;
    private static final int[] LABELS = {0, 1, 2, 1, 0};
    private static final int[] OTHERS = {0, 0, 1, 2, 1};

    private static float[] mixed(Mix mix) {
        double[] values = TestModels.values(TestModels.images("mixing", IMAGES, SIZE, SIZE));
        FloatBuffer pixels = FloatBuffer.allocate(values.length);
        Arrays.stream(values).forEach(value -> pixels.put((float) value));
        float[] before = Arrays.copyOfRange(pixels.array(), (IMAGES - 1) * VALUES, IMAGES * VALUES);
        new Mixer(SIZE).mix(pixels, IMAGES, before, mix);
        return pixels.array();
    }

    private static double[] targets(Mix mix) {
        Targets targets = new Targets(LABELS, OTHERS, mix.lambda());
        return IntStream.range(0, IMAGES * 3)
                .mapToDouble(i -> targets.probability(i / 3, i % 3))
                .toArray();
    }

    @Test
    void mixUpMatchesTorchvision() {
        Mix mix = new Mix(0.3, Optional.empty());
        JsonNode golden = Golden.json("mixing.json");
        double[] pixels = Golden.numbers(golden.get("mixup"));
        float[] actual = mixed(mix);
        for (int i = 0; i < pixels.length; i++) {
            assertThat(actual[i * 7]).isCloseTo((float) pixels[i], within(1e-6f));
        }
        assertThat(targets(mix)).containsExactly(Golden.numbers(golden.get("mixup targets")), within(1e-7));
    }

    @Test
    void cutMixMatchesTorchvision() {
        for (JsonNode c : Golden.json("mixing.json").get("cutmix")) {
            Mix mix = Mixing.cut(
                    c.get("lambda").asDouble(), c.get("x").asInt(), c.get("y").asInt(), SIZE, SIZE);
            float[] pixels = mixed(mix);
            double[] expected = Golden.numbers(c.get("pixels"));
            double sum = IntStream.range(0, pixels.length)
                    .mapToDouble(i -> pixels[i])
                    .sum();
            assertThat(sum).isCloseTo(c.get("sum").asDouble(), within(1e-9));
            assertThat(pixels[0]).isEqualTo((float) expected[1]);
            assertThat(pixels[pixels.length / 2]).isEqualTo((float) expected[2]);
            assertThat(targets(mix)).containsExactly(Golden.numbers(c.get("targets")), within(1e-6));
        }
    }
}
