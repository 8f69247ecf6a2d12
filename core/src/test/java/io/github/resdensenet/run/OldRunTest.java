package io.github.resdensenet.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.RunEvaluator;
import io.github.resdensenet.train.TrainListener;
import io.github.resdensenet.train.Trainer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads and resumes a run that version 0.1.0 stopped in its second epoch. */
class OldRunTest {
    @TempDir
    private Path root;

    private Run run;

    @BeforeEach
    void copy() throws Exception {
        Path from = Path.of(Objects.requireNonNull(OldRunTest.class.getResource("run-0.1.0"))
                .toURI());
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(
                        file, root.resolve("run").resolve(from.relativize(file).toString()));
            }
        }
        run = Run.open(root.resolve("run"));
    }

    @Test
    void evaluatesRunOfVersion010() throws Exception {
        Manifest manifest = run.readBestManifest();
        Evaluation val = new RunEvaluator(run).evaluateSplit(Subset.VAL, null, (done, total) -> {});
        double accuracy = val.accuracy();
        assertThat(manifest.temperature()).isEqualTo(1); // version 0.1.0 had no calibration
        assertThat(val.nll()).isEqualTo(val.metric("nll_raw").orNaN());
        // On another processor, rounding may change the predictions of one or two images.
        assertThat(accuracy).isCloseTo(manifest.progress().bestAccuracy(), within(0.02));
    }

    @Test
    void resumesRunOfVersion010() throws Exception {
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
}
