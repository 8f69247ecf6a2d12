package io.github.resdensenet.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.QuantizationFile;
import io.github.resdensenet.eval.RunEvaluation;
import io.github.resdensenet.eval.RunEvaluator;
import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.testkit.TestImages;
import io.github.resdensenet.train.Trainer;
import io.github.resdensenet.util.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuantizerTest {
    @TempDir
    Path root;

    @BeforeEach
    void needsVnni() {
        try {
            Inference.require(InferencePrecision.INT8);
        } catch (UnsupportedOperationException e) {
            assumeTrue(false, e.getMessage());
        }
    }

    private Run train(String name, String... settings) throws IOException {
        Path data = root.resolve("data");
        if (!Files.exists(data)) {
            TestImages.folder(data, 20, 32, "a", "b", "c");
        }
        Recipe recipe = Recipe.defaults()
                .withData(data)
                .with("model.blockConfig", "[2, 1]")
                .with("model.growthRate", "8")
                .with("model.numInitFeatures", "16")
                .with("data.imageSize", "32")
                .with("train.epochs", "1")
                .with("train.threads", "2");
        Map<String, String> changes = new LinkedHashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            changes.put(settings[i], settings[i + 1]);
        }
        return Trainer.train(recipe.with(changes), root.resolve(name));
    }

    private static QuantizationReport quantize(Run run) throws IOException {
        return new Quantizer(run, (what, done, total) -> assertThat(done).isBetween(0, total))
                .quantize(Quantizer.IMAGES, 100, null);
    }

    @Test
    void predictAndEvaluateComputeInt8() throws IOException {
        Run run = train("run");
        QuantizationReport report = quantize(run);

        assertThat(report.lines().get(0)).contains("quantization.json", "10 of 10 convolutions in 8 bits");
        assertThat(report.json()).containsEntry("split", "val").containsEntry("layers", 10);
        RunEvaluator evaluator = new RunEvaluator(run).withPrecision(InferencePrecision.INT8);
        RunEvaluation evaluated = evaluator.evaluateSplit(Subset.TEST, null, (done, total) -> {});
        Evaluation evaluation = evaluated.evaluation();
        assertThat(evaluated.precision()).isEqualTo("int8");
        try (Classifier fp32 = Classifier.load(run.folder());
                Classifier int8 = Classifier.load(run.folder(), InferencePrecision.INT8)) {
            assertThat(fp32.precision()).isEqualTo("fp32");
            assertThat(int8.precision()).isEqualTo("int8");
            boolean differs = false;
            for (int i = 0; i < evaluation.n(); i++) {
                Path image = evaluation.samples().get(i).path();
                Prediction prediction = int8.classify(image);
                assertThat(prediction.probabilities())
                        .isEqualTo(evaluation.probabilities().get(i));
                List<Double> exact = fp32.classify(image).logits();
                differs |= !exact.equals(prediction.logits());
                for (int c = 0; c < exact.size(); c++) {
                    assertThat(prediction.logits().get(c)).isCloseTo(exact.get(c), within(0.3));
                }
            }
            assertThat(differs).isTrue();
        }
    }

    @Test
    void theSameRunGivesTheSameFile() throws IOException {
        Run run = train("run");
        quantize(run);
        byte[] first = Files.readAllBytes(run.file(QuantizationFile.NAME));
        quantize(run);
        assertThat(Files.readAllBytes(run.file(QuantizationFile.NAME))).isEqualTo(first);
    }

    @Test
    void aRunWithoutValidationSetIsComparedOnItsTrainingImages() throws IOException {
        Run run = train("run", "data.split", "{train: 0.8, val: 0, test: 0.2}", "train.selectOn", "test");
        QuantizationReport report = quantize(run);
        assertThat(report.json()).containsEntry("split", "train");
        assertThat(report.lines()).last().asString().contains("no validation set");
        try (Classifier int8 = Classifier.load(run.folder(), InferencePrecision.INT8)) {
            assertThat(int8.temperature().isNone()).isTrue();
        }
    }

    @Test
    void aMissingCorruptOrForeignFileIsSaidInOneLine() throws IOException {
        Run run = train("run");
        assertInt8Fails(run, "missing", "resdensenet quantize");

        quantize(run);
        Path file = run.file(QuantizationFile.NAME);
        String text = Files.readString(file);
        for (Map.Entry<String, String> change : Map.of(
                        "\"seed\" : 0",
                        "\"seed\" : 1",
                        "\"ranges\" : \"",
                        "\"ranges\" : \"AAAA",
                        "\"images\"",
                        "\"photos\"")
                .entrySet()) {
            Files.writeString(file, text.replaceFirst(change.getKey(), change.getValue()));
            assertInt8Fails(run, QuantizationFile.NAME);
        }
        for (Map.Entry<String, String> ranges :
                Map.of("AAAA", "middle of a value", "?", "base64").entrySet()) {
            String changed = text.replaceFirst("(\"ranges\" : \")[^\"]*", "$1" + ranges.getKey());
            Files.writeString(file, StrictJson.withDigest(changed.replaceFirst("(\"sha256\" : \")[0-9a-f]*", "$1")));
            assertInt8Fails(run, QuantizationFile.NAME, ranges.getValue());
        }
        Files.writeString(file, text.substring(0, text.length() / 2));
        assertInt8Fails(run, "not a quantisation file");

        Run other = train("other", "train.seed", "1");
        Files.writeString(other.file(QuantizationFile.NAME), text);
        assertInt8Fails(other, "belongs to other weights");
    }

    private static void assertInt8Fails(Run run, String... parts) {
        assertThatThrownBy(() -> Classifier.load(run.folder(), InferencePrecision.INT8))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(parts)
                .message()
                .hasLineCount(1);
    }

    @Test
    void numbersOutOfRangeAreRejected() throws IOException {
        Quantizer quantizer = new Quantizer(train("run"), (what, done, total) -> {});
        assertThatThrownBy(() -> quantizer.quantize(0, 0.5, null)).hasMessage("--images must be 1 to 10000, got 0");
        assertThatThrownBy(() -> quantizer.quantize(10, Double.NaN, null)).hasMessageContaining("--max-drop");
    }
}
