package io.github.resdensenet.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.RunEvaluator;
import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.train.TrainListener;
import io.github.resdensenet.train.Trainer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads and resumes runs that earlier versions stopped in their second epoch; made by fixtures/InterruptedRun.java. */
class OldRunTest {
    @TempDir
    private Path root;

    private Run open(String version) throws Exception {
        Path from = Path.of(Objects.requireNonNull(OldRunTest.class.getResource("run-" + version))
                .toURI());
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(
                        file, root.resolve("run").resolve(from.relativize(file).toString()));
            }
        }
        return Run.open(root.resolve("run"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.1.0", "0.2.0"})
    void runsOfEarlierVersionsAreEvaluated(String version) throws Exception {
        Run run = open(version);
        Manifest manifest = run.readBestManifest();
        Evaluation val = new RunEvaluator(run)
                .evaluateSplit(Subset.VAL, null, (done, total) -> {})
                .evaluation();
        // On another processor, rounding may change the predictions of one or two images.
        assertThat(val.accuracy()).isCloseTo(manifest.progress().bestAccuracy(), within(0.02));
        assertThat(manifest.temperature()).isEqualTo(1); // it is fitted when the training ends
        assertThat(val.nll()).isEqualTo(val.metric("nll_raw").orNaN());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.1.0", "0.2.0"})
    void runsOfEarlierVersionsAreResumed(String version) throws Exception {
        Run run = open(version);
        Manifest.Progress before = run.recoverNewest().checkpoint().manifest().progress();
        assertThat(before.epoch()).isEqualTo(1);
        assertThat(before.batch()).isEqualTo(1);
        String firstEpoch = Files.readAllLines(run.file("history.csv")).get(1);
        new Trainer(new TrainListener() {}).resume(run.folder(), 0);
        assertThat(run.isFinished()).isTrue();
        assertThat(run.readBestManifest().temperature()).isNotEqualTo(1);
        assertThat(Files.readAllLines(run.file("history.csv")))
                .hasSize(4)
                .element(1)
                .isEqualTo(firstEpoch);
        assertThat(Files.readString(run.file("log.txt")))
                .contains("Stopped after 1 epochs", "Resuming", "(35 steps in total)");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void quantizationIsRead(int formatVersion) throws Exception {
        Run run = open("0.2.0");
        Path file = run.file("quantization.json");
        if (formatVersion == 2) { // of a version before the release
            Files.copy(
                    Path.of(Objects.requireNonNull(OldRunTest.class.getResource("quantization-2.json"))
                            .toURI()),
                    file,
                    StandardCopyOption.REPLACE_EXISTING);
        }
        assertThat(Files.readString(file)).contains("\"formatVersion\" : " + formatVersion);
        try (Classifier classifier = Classifier.load(run.folder(), InferencePrecision.INT8)) {
            assertThat(classifier.precision()).matches("int8|fp32 \\(int8 needs .*\\)");
        }
    }
}
