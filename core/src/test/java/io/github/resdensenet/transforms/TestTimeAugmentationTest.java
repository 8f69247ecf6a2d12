package io.github.resdensenet.transforms;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.transforms.Preprocessing.ResizeMode;
import io.github.resdensenet.util.Choices;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

class TestTimeAugmentationTest {
    @Test
    void viewsMatchTorchvision() throws Exception {
        JsonNode cases = Golden.json("tta.json").get("cases");
        for (int i = 0; i < cases.size(); i++) {
            JsonNode c = cases.get(i);
            int height = c.get("height").asInt();
            int width = c.get("width").asInt();
            RgbImage image = new RgbImage(width, height, Counter.image("tta/" + i, height, width, false));
            ResizeMode mode =
                    Choices.parse(ResizeMode.class, "resize", c.get("resize").asString());
            Preprocessing preprocessing = new Preprocessing(c.get("size").asInt(), Normalize.IMAGENET, false, mode);
            for (TestTimeAugmentation augmentation : TestTimeAugmentation.values()) {
                List<String> expected = c.get(augmentation.toString())
                        .valueStream()
                        .map(JsonNode::asString)
                        .toList();
                List<String> digests = new ArrayList<>();
                for (RgbImage view : augmentation.views(image, preprocessing)) {
                    digests.add(PixelGoldenTest.sha256(view.pixels()).substring(0, 16));
                }
                assertThat(digests)
                        .as("%s of case %d", augmentation, i)
                        .hasSize(augmentation.count())
                        .isEqualTo(expected);
            }
        }
        assertThat(cases.size()).isEqualTo(7);
    }

    @ParameterizedTest
    @EnumSource(ResizeMode.class)
    void viewsHaveTheSizeOfTheNetworkInput(ResizeMode mode) {
        for (int[] size : new int[][] {{1, 1}, {1, 300}, {300, 1}, {90, 60}, {224, 224}}) {
            RgbImage image = new RgbImage(size[1], size[0], Counter.image("size", size[0], size[1], false));
            for (int input : new int[] {1, 6, 7, 32}) {
                Preprocessing preprocessing = new Preprocessing(input, Normalize.IMAGENET, false, mode);
                for (TestTimeAugmentation augmentation : TestTimeAugmentation.values()) {
                    assertThat(augmentation.views(image, preprocessing))
                            .hasSize(augmentation.count())
                            .allMatch(view -> view.width() == input && view.height() == input);
                }
            }
        }
    }
}
