package io.github.resdensenet.predict;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.checkpoint.WeightFile;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.testkit.TestModels;
import io.github.resdensenet.testkit.Trust;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.transforms.Preprocessing;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class PredictionGoldenTest {
    private static final List<String> CLASSES = List.of("a", "b", "c");

    @TempDir
    private Path folder;

    /** Checks the whole path from image file to probability, for the full-size network loaded from a .pth file. */
    @Test
    void probabilitiesMatchPythonForEveryImage() throws Exception {
        JsonNode golden = Golden.json("predictions.json");
        Path weights = folder.resolve("weights.pth");
        try (ImageClassifier model = Models.create(ModelConfig.resDenseNet(), 3, 0);
                OutputStream out = Files.newOutputStream(weights)) {
            TestModels.fill(model);
            WeightFile.writePth(ModelState.of(model), out);
        }
        ImageClassifier model = Models.create(ModelConfig.resDenseNet(), 3, 1);
        ModelState.load(model, WeightFile.read(weights, "", "").tensors(), weights);
        double worst = 0;
        int n = 0;
        try (Classifier classifier = Classifier.of(
                model, CLASSES, new Preprocessing(golden.get("size").asInt(), Normalize.IMAGENET))) {
            for (String name : golden.get("logits").propertyNames()) {
                Path file = folder.resolve(name);
                Files.write(file, Golden.bytes("files/" + name));
                double[] logits = Golden.numbers(golden.get("logits").get(name));
                double sum = 0;
                for (double logit : logits) {
                    sum += Math.exp(logit);
                }
                Prediction prediction = classifier.classify(file);
                for (int c = 0; c < logits.length; c++) {
                    double difference = prediction.probabilities().get(c) - Math.exp(logits[c]) / sum;
                    worst = Math.max(worst, Math.abs(difference));
                }
                n++;
            }
        }
        Trust.row("P1", n, worst <= 1e-5 ? 0 : 1, "%.1e".formatted(worst));
        assertThat(worst).isLessThanOrEqualTo(1e-5);
        assertThat(n).isGreaterThanOrEqualTo(50);
    }
}
