package io.github.resdensenet.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.explain.Explainer.Request;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.testkit.Extent;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.testkit.TestModels;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.transforms.Preprocessing;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ClassActivationMapTest {
    private static final int SIZE = 96;
    private static final List<String> CLASSES = List.of("0", "1", "2");

    @ParameterizedTest
    @ValueSource(strings = {"resdensenet", "densenet121", "resnet50v2"})
    void mapsMatchPyTorchAndKeras(String name) {
        ImageClassifier model = Models.create(ModelConfig.of(Architecture.of(name)), CLASSES.size(), 0);
        TestModels.fill(model);
        int cases = 0;
        try (Explainer explainer =
                new Explainer(Classifier.of(model, CLASSES, new Preprocessing(SIZE, Normalize.IMAGENET)))) {
            int every = name.equals("resdensenet") ? 1 : Extent.of(10, 1);
            int number = 0;
            for (JsonNode golden : Golden.json("cam-" + name + ".json").get("cases")) {
                if (number++ % every != 0) {
                    continue;
                }
                byte[] pixels = Counter.image("cam/" + golden.get("picture").asInt(), SIZE, SIZE, false);
                RgbImage image = new RgbImage(SIZE, SIZE, pixels);
                for (Method method : List.of(Method.GRADCAM, Method.GRADCAM_PLUS_PLUS, Method.LAYERCAM)) {
                    Request request = Request.of(method)
                            .atStage(golden.get("stage").asInt())
                            .forClass(golden.get("target").asString());
                    HeatMap map = explainer.explain(image, request).map();
                    assertThat(difference(map, golden.get(method.label())))
                            .as(request.toString())
                            .isLessThan(1e-4);
                    cases++;
                }
            }
        }
        assertThat(cases).isEqualTo(name.equals("resdensenet") ? 30 : Extent.of(3, 30));
    }

    private static double difference(HeatMap map, JsonNode rows) {
        assertThat(map.height()).isEqualTo(rows.size());
        assertThat(map.width()).isEqualTo(rows.get(0).size());
        float[] values = map.normalized().values();
        double[] expected = Golden.numbers(rows);
        double worst = 0;
        for (int i = 0; i < expected.length; i++) {
            worst = Math.max(worst, Math.abs(values[i] - expected[i]));
        }
        return worst;
    }
}
