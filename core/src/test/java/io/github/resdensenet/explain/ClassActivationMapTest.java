package io.github.resdensenet.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.testkit.TestModels;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.transforms.RgbImage;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

class ClassActivationMapTest {
    private static final int SIZE = 96;
    private static final List<String> CLASSES = List.of("0", "1", "2");

    private static Explainer explainer;

    @BeforeAll
    static void build() {
        ImageClassifier model = Models.create(ModelConfig.resDenseNet(), CLASSES.size(), 0);
        TestModels.fill(model);
        explainer = new Explainer(Classifier.of(model, CLASSES, new Preprocessing(SIZE, Normalize.IMAGENET)));
    }

    @AfterAll
    static void close() {
        explainer.close();
    }

    @ParameterizedTest
    @EnumSource(names = "OCCLUSION", mode = EnumSource.Mode.EXCLUDE)
    void isTheMapOfPyTorchWithHooks(Method method) {
        int cases = 0;
        for (JsonNode golden : Golden.json("cam-resdensenet.json").get("cases")) {
            byte[] pixels = Counter.image("cam/" + golden.get("picture").asInt(), SIZE, SIZE, false);
            Request request = Request.of(method)
                    .atStage(golden.get("stage").asInt())
                    .forClass(golden.get("target").asString());
            HeatMap map =
                    explainer.explain(new RgbImage(SIZE, SIZE, pixels), request).map();
            JsonNode rows = golden.get(method.label());
            assertThat(map.height()).isEqualTo(rows.size());
            assertThat(map.width()).isEqualTo(rows.get(0).size());
            float[] values = map.normalized().values();
            double[] expected = Golden.numbers(rows);
            double worst = 0;
            for (int i = 0; i < expected.length; i++) {
                worst = Math.max(worst, Math.abs(values[i] - expected[i]));
            }
            assertThat(worst).as(request.toString()).isCloseTo(0, within(1e-4));
            cases++;
        }
        assertThat(cases).isEqualTo(10);
    }
}
