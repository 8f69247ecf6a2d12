package io.github.resdensenet.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.run.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelStoreTest {
    @TempDir
    private Path folder;

    private final List<String> log = new ArrayList<>();

    private ModelStore store(Run run) throws IOException {
        return new ModelStore(List.of(run.folder()), InferencePrecision.FP32, new ServerMetrics(), log::add);
    }

    @Test
    void anErrorIsLoggedOnceAndTheCheckpointIsLoadedWhenItIsRepaired() throws IOException {
        Run run = TestRun.create(folder.resolve("own"), 1);
        try (ModelStore store = store(run)) {
            store.reloadChanged();
            assertThat(log).isEmpty();

            TestRun.replaceBest(run, TestRun.create(folder.resolve("other"), 2));
            Path weights = run.best().resolve("weights.safetensors");
            byte[] valid = Files.readAllBytes(weights);
            Files.write(weights, new byte[valid.length]);
            store.reloadChanged();
            store.reloadChanged();
            assertThat(log).singleElement().asString().startsWith("own: the old checkpoint stays: ");
            store.reload();
            assertThat(log).hasSize(2);

            Files.write(weights, valid);
            store.reloadChanged();
            assertThat(log).last().isEqualTo("own: new checkpoint loaded");
        }
    }

    @Test
    void aRollbackHoldsUntilTheCheckpointChangesOrAReloadIsRequested() throws IOException {
        Run run = TestRun.create(folder.resolve("own"), 1);
        String first = run.readBestManifest().sha256();
        try (ModelStore store = store(run)) {
            TestRun.replaceBest(run, TestRun.create(folder.resolve("other"), 2));
            String second = run.readBestManifest().sha256();
            store.reloadChanged();
            assertThat(store.<String>use("own", ServedModel::version)).isEqualTo(second);
            store.rollBack("own");
            store.reloadChanged();
            assertThat(store.<String>use("own", ServedModel::version)).isEqualTo(first);
            store.reload();
            assertThat(store.<String>use("own", ServedModel::version)).isEqualTo(second);

            store.rollBack("own");
            TestRun.replaceBest(run, TestRun.create(folder.resolve("third"), 3));
            store.reloadChanged();
            assertThat(store.<String>use("own", ServedModel::version))
                    .isEqualTo(run.readBestManifest().sha256());
        }
    }

    @Test
    void aRollbackIsNotUndoneByAnother() throws IOException {
        Run run = TestRun.create(folder.resolve("own"), 1);
        try (ModelStore store = store(run)) {
            assertThatThrownBy(() -> store.rollBack("own")).hasMessageContaining("no earlier checkpoint");
            String first = run.readBestManifest().sha256();
            TestRun.replaceBest(run, TestRun.create(folder.resolve("other"), 2));
            store.reloadChanged();
            store.rollBack("own");
            assertThatThrownBy(() -> store.rollBack("own")).hasMessageContaining("no earlier checkpoint");
            assertThat(store.<String>use("own", ServedModel::version)).isEqualTo(first);
        }
    }

    @Test
    void theCardHasNoMetricsOfAnotherCheckpoint() throws IOException {
        Run run = TestRun.create(folder.resolve("own"), 1);
        String metrics = "{\"weights_sha256\": \"%s\", \"test\": {\"n\": 9, \"accuracy\": 0.5}}";
        try (ModelStore store = store(run)) {
            Files.writeString(run.file("metrics.json"), String.format(Locale.ROOT, metrics, "of another one"));
            assertThat(store.<Object>use(
                            "own", model -> String.valueOf(ModelCard.of(model).get("test_images"))))
                    .isEqualTo("0");
            String own = run.readBestManifest().weightsSha256();
            Files.writeString(run.file("metrics.json"), String.format(Locale.ROOT, metrics, own));
            assertThat(store.<Object>use(
                            "own", model -> String.valueOf(ModelCard.of(model).get("test_images"))))
                    .isEqualTo("9");
        }
    }
}
