package io.github.resdensenet.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.checkpoint.Safetensors;
import io.github.resdensenet.checkpoint.TensorData;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.testkit.TestImages;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests {@code train.freezeEpochs} with 18 training images, 3 steps per epoch. */
class FreezeTest {
    @TempDir
    private Path root;

    private Recipe recipe;

    @BeforeEach
    void createImages() throws Exception {
        recipe = TinyRecipe.on(TestImages.folder(root.resolve("data"), 14, 20, "day", "night"))
                .with("train.epochs", "3")
                .with("train.weightDecay", "0.5")
                .with("train.freezeEpochs", "1");
    }

    private static Run stoppedAfter(int steps, Recipe recipe, Path out) throws Exception {
        assertThatThrownBy(() -> ResumeTest.stopping(steps).train(recipe, out, null, false))
                .isInstanceOf(CancellationException.class);
        return Run.open(out);
    }

    private static Map<String, TensorData> weights(Run run) throws Exception {
        return new TreeMap<>(run.recoverNewest().checkpoint().weights().tensors());
    }

    @ParameterizedTest
    @ValueSource(strings = {"fused", "reference"})
    void trainsOnlyHeadInFrozenEpochs(String engine) throws Exception {
        Recipe base = recipe.with("train.engine", engine);
        Map<String, TensorData> start = weights(stoppedAfter(1, base.with("train.lr", "1e-30"), root.resolve("start")));
        Run frozen = stoppedAfter(2, base, root.resolve("frozen"));
        weights(frozen).forEach((name, tensor) -> {
            boolean head = name.startsWith("classifier.");
            assertThat(tensor.equals(start.get(name))).as(name).isEqualTo(!head);
        });
        Safetensors optimizer = frozen.recoverNewest().checkpoint().optimizer();
        assertThat(optimizer.metadata()).containsEntry("step", "2").containsEntry("frozen_steps", "2");
        assertThat(Files.readString(frozen.file("log.txt")))
                .contains("Frozen: the backbone (all but classifier) until the end of epoch 1");
        Run thawed = stoppedAfter(4, base, root.resolve("thawed"));
        weights(thawed)
                .forEach((name, tensor) ->
                        assertThat(tensor.equals(start.get(name))).as(name).isFalse());
    }

    @ParameterizedTest
    @ValueSource(strings = {"fused", "reference"})
    void resumesToIdenticalStateAfterStopAtAnyStep(String engine) throws Exception {
        Recipe base = recipe.with("train.engine", engine);
        Run uninterrupted = Trainer.train(base, root.resolve("uninterrupted"));
        for (int stop : new int[] {1, 3, 4, 7}) {
            Run stopped = stoppedAfter(stop, base, root.resolve("stopped-" + stop));
            Run resumed = new Trainer(new TrainListener() {}).resume(stopped.folder(), 0);
            for (String file : new String[] {"weights.safetensors", "optimizer.safetensors"}) {
                assertThat(resumed.last().resolve(file))
                        .hasSameBinaryContentAs(uninterrupted.last().resolve(file));
            }
        }
    }

    @Test
    void startsBackboneStepCountAfterFrozenEpochs() throws Exception {
        // The first step of Adam changes every weight that has a gradient by lr, whatever the size of the gradient.
        // Its fourth step would not.
        Recipe base = recipe.with("train.weightDecay", "0.0").with("train.schedule", "constant");
        Map<String, TensorData> before = weights(stoppedAfter(3, base, root.resolve("before")));
        Map<String, TensorData> after = weights(stoppedAfter(4, base, root.resolve("after")));
        String name = "stages.0.dense_layers.0.bn1.weight";
        float[] from = floats(before.get(name));
        float[] to = floats(after.get(name));
        for (int i = 0; i < from.length; i++) {
            assertThat(Math.abs(to[i] - from[i])).isBetween(0.99e-3f, 1.01e-3f);
        }
    }

    private static float[] floats(TensorData data) {
        java.nio.FloatBuffer values =
                data.data().order(java.nio.ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        float[] all = new float[values.remaining()];
        values.get(all);
        return all;
    }
}
