package io.github.resdensenet.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.run.Weights;
import io.github.resdensenet.testkit.Extent;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.testkit.KerasFiles;
import io.github.resdensenet.testkit.TestModels;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.KeyedRandom;
import io.jhdf.HdfFile;
import io.jhdf.WritableHdfFile;
import io.jhdf.api.WritableGroup;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Weight files of PyTorch, torchvision and Keras. */
class WeightsTest {
    private static final Map<String, long[]> SMALL = Map.of(
            "conv1_conv.weight", new long[] {4, 3, 3, 3},
            "conv1_conv.bias", new long[] {4},
            "post_bn.weight", new long[] {4},
            "post_bn.bias", new long[] {4},
            "post_bn.running_mean", new long[] {4},
            "post_bn.running_var", new long[] {4},
            "predictions.weight", new long[] {3, 4},
            "predictions.bias", new long[] {3});

    @TempDir
    private Path folder;

    private static ImageClassifier model(String name, int classes, long seed) {
        return Models.create(ModelConfig.of(Architecture.of(name)), classes, seed);
    }

    private Path file(String name, byte[] bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes);
    }

    @Test
    void exportedSafetensorsKeepTheNormalisation() throws Exception {
        Recipe recipe = Recipe.defaults().with("model.blockConfig", "[1, 1]").with("model.growthRate", "4");
        try (ImageClassifier model = Models.create(recipe.model(), 2, 0)) {
            Weights weights = new Weights(ModelState.of(model), Normalize.MINUS_ONE_TO_ONE, folder);
            Run run = weights.createRun(recipe, List.of("a", "b"), folder.resolve("run"));
            Path file = folder.resolve("exported.safetensors");
            AtomicFiles.write(file, Weights.forExport(run.readModel())::write);
            assertThat(Weights.read(file).normalize()).isEqualTo(Normalize.MINUS_ONE_TO_ONE);

            Map<String, String> damaged = Map.of("normalize.mean", "0 0", "normalize.std", "1 1 1");
            AtomicFiles.write(file, new Safetensors(ModelState.of(model), damaged)::write);
            assertThatThrownBy(() -> Weights.read(file))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessage(file + ": normalize.mean and normalize.std must be 3 numbers each, got 0 0 and 1 1 1");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"keras-small.weights.h5", "keras-small-keras2.h5", "keras-small-legacy.h5"})
    void readsKerasLayoutsWithPyTorchNamesAndShapes(String name) throws Exception {
        Weights weights = Weights.read(file(name, Golden.bytes(name)));
        assertThat(weights.normalize()).isEqualTo(Normalize.MINUS_ONE_TO_ONE);
        Map<String, TensorData> tensors = new LinkedHashMap<>(weights.tensors());
        assertThat(tensors.remove("post_bn.num_batches_tracked").data().getLong())
                .isZero();
        assertThat(tensors.keySet()).containsExactlyInAnyOrderElementsOf(SMALL.keySet());
        tensors.forEach((tensor, data) -> {
            assertThat(data.shape())
                    .as(tensor)
                    .isEqualTo(Arrays.stream(SMALL.get(tensor)).boxed().toList());
            double[] expected = TestModels.numbers(tensor, SMALL.get(tensor));
            float[] values = new float[expected.length];
            data.data().asFloatBuffer().get(values);
            for (int i = 0; i < expected.length; i++) {
                assertThat(values[i]).as(tensor).isEqualTo((float) expected[i]);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"keras-small.weights.h5", "keras-small-keras2.h5"})
    void rejectsCorruptKerasFiles(String name) throws Exception {
        byte[] whole = Golden.bytes(name);
        Path file = folder.resolve("m.h5");
        KeyedRandom random = KeyedRandom.of(7);
        int rejected = 0;
        for (int i = 0; i < 500; i++) {
            byte[] mutant = i % 5 == 0 ? Arrays.copyOf(whole, 8 + random.nextInt(whole.length - 8)) : whole.clone();
            for (int flips = 0; flips < 8; flips++) {
                mutant[8 + random.nextInt(mutant.length - 8)] ^= (byte) (1 << random.nextInt(8));
            }
            Files.write(file, mutant);
            try {
                KerasFile.read(file);
            } catch (CheckpointException e) {
                assertThat(e).hasMessageStartingWith(file + ": not a valid Keras weight file: ");
                rejected++;
            }
        }
        assertThat(rejected).isGreaterThan(200);
    }

    private interface Content {
        void write(WritableHdfFile file);
    }

    private Path hdf(Content content) {
        Path file = folder.resolve("test.h5");
        try (WritableHdfFile hdf = HdfFile.write(file)) {
            content.write(hdf);
        }
        return file;
    }

    @Test
    void rejectsUnsupportedKerasFilesWithReason() throws Exception {
        assertThatThrownBy(() -> Weights.read(hdf(file ->
                        file.putGroup("conv").putDataset("depthwise_kernel", new float[][] {{1}}))))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("unknown variable conv/depthwise_kernel, must be one of [beta, bias,");
        assertThatThrownBy(() -> Weights.read(hdf(file -> file.putGroup("layers")
                        .putGroup("dense")
                        .putGroup("vars")
                        .putDataset("0", new float[][] {{1}}))))
                .hasMessageContaining("/layers/dense/vars/ has no attribute \"name\" with the layer's name");
        assertThatThrownBy(() -> Weights.read(hdf(file -> {
                    WritableGroup vars =
                            file.putGroup("layers").putGroup("prelu").putGroup("vars");
                    vars.putAttribute("name", "prelu");
                    vars.putDataset("0", new float[] {1});
                })))
                .hasMessageContaining("unsupported layer prelu with 1 variables; "
                        + "must be a convolution, dense or batch normalisation layer");
        assertThatThrownBy(() ->
                        Weights.read(hdf(file -> file.putGroup("dense").putDataset("kernel:0", new int[][] {{1}}))))
                .hasMessageContaining("/dense/kernel:0 must be float32, got int");
        assertThatThrownBy(() -> Weights.read(hdf(file -> file.putGroup("dense"))))
                .hasMessageContaining("the file contains no weights");
        assertThat(Weights.read(hdf(file -> {
                            file.putGroup("model_weights")
                                    .putGroup("probs")
                                    .putGroup("probs")
                                    .putDataset("bias:0", new float[] {1, 2});
                            file.putGroup("optimizer_weights").putDataset("momentum", new float[] {1});
                        }))
                        .tensors()
                        .keySet())
                .containsExactly("predictions.bias");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cycle", "root", "graph", "shared", "soft", "external"})
    void rejectsKerasFilesWhoseGroupsAreLinked(String name) throws Exception {
        for (String format : new String[] {"", "-latest"}) {
            Path file = file("links.h5", Golden.bytes("keras-hostile/" + name + format + ".h5"));
            assertThatThrownBy(() -> KerasFile.read(file))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("is a link; links are not supported");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "deflate, /dense/bias is compressed; Keras writes weights without compression",
        "lzf, /dense/bias is compressed; Keras writes weights without compression",
        "name, /layers/dense/vars/ has a name of 8000 bytes"
    })
    void rejectsKerasFilesThatCouldNeedMuchMemory(String name, String message) throws Exception {
        Path file = file("large.h5", Golden.bytes("keras-hostile/" + name + ".h5"));
        assertThatThrownBy(() -> KerasFile.read(file))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(message);
    }

    /** Replaces addresses in the file by other addresses, so that its internal trees and lists form cycles. */
    @Test
    void readingKerasFilesWithWrongAddressesEnds() throws Exception {
        List<byte[]> files = List.of(
                Golden.bytes("keras-small.weights.h5"),
                Golden.bytes("keras-small-keras2.h5"),
                Golden.bytes("keras-hostile/graph.h5"),
                Golden.bytes("keras-hostile/graph-latest.h5"));
        for (int i = 0; i < Extent.of(100, 2000); i++) {
            byte[] bytes = files.get(i % files.size()).clone();
            KeyedRandom random = KeyedRandom.of(23, i);
            ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            List<Integer> addresses = IntStream.range(0, bytes.length - 8)
                    .filter(at -> view.getLong(at) > 0 && view.getLong(at) < bytes.length)
                    .boxed()
                    .toList();
            for (int k = 0; k < 3; k++) {
                int from = addresses.get(random.nextInt(addresses.size()));
                int to = addresses.get(random.nextInt(addresses.size()));
                view.putLong(
                        to,
                        ByteBuffer.wrap(files.get(i % files.size()))
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .getLong(from));
            }
            Path file = file("addresses.h5", bytes);
            assertTimeoutPreemptively(Duration.ofMinutes(1), () -> {
                try {
                    KerasFile.read(file);
                } catch (CheckpointException e) {
                    assertThat(e).hasMessageContaining("addresses.h5: not a valid Keras weight file: ");
                    assertThat(e.getMessage()).hasLineCount(1);
                }
            });
        }
    }

    @Test
    void errorListsDifferencesBetweenKerasFileAndModel() throws Exception {
        Path file = file("small.weights.h5", Golden.bytes("keras-small.weights.h5"));
        try (ImageClassifier model = model("resnet50v2", 3, 0)) {
            assertThatThrownBy(() -> Weights.read(file).load(model))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("small.weights.h5: the weights do not fit the model: ")
                    .hasMessageContaining("missing: conv2_block1_preact_bn.weight")
                    .hasMessageContaining("conv1_conv.weight [4, 3, 3, 3] instead of [64, 3, 7, 7]");
        }
    }

    @Test
    void loadsWholeKerasFileIntoResNet50V2() throws Exception {
        try (ImageClassifier published = model("resnet50v2", 5, 1);
                ImageClassifier ours = model("resnet50v2", 5, 2)) {
            TestModels.fill(published); // also fills the running statistics
            Weights.read(KerasFiles.write(folder.resolve("w.h5"), published)).load(ours);
            assertThat(ModelState.of(ours)).isEqualTo(ModelState.of(published));
        }
    }

    private Path pth(Map<String, TensorData> tensors) throws IOException {
        Path file = folder.resolve("w.pth");
        try (OutputStream out = Files.newOutputStream(file)) {
            PthWriter.write(tensors, out);
        }
        return file;
    }

    @Test
    void readsOldNamesInDenseNetFilesOfTorchvision() throws Exception {
        try (ImageClassifier published = model("densenet121", 10, 1);
                ImageClassifier ours = model("densenet121", 3, 2)) {
            Map<String, TensorData> old = new LinkedHashMap<>();
            ModelState.of(published).forEach((name, data) -> {
                if (!name.endsWith("num_batches_tracked")) {
                    old.put(name.replaceFirst("(denselayer\\d+\\.(?:norm|conv))(\\d)", "$1.$2"), data);
                }
            });
            assertThat(old).containsKey("features.denseblock1.denselayer1.norm.1.weight");
            Weights weights = Weights.read(pth(old));
            assertThat(weights.normalize()).isEqualTo(Normalize.IMAGENET);
            Path safetensors = folder.resolve("old.safetensors");
            AtomicFiles.write(safetensors, new Safetensors(old, Map.of())::write);
            assertThat(Weights.read(safetensors).tensors().keySet())
                    .isEqualTo(weights.tensors().keySet());
            Map<String, TensorData> before = ModelState.of(ours);
            weights.loadBackbone(ours);
            Map<String, TensorData> expected = ModelState.of(published);
            ModelState.of(ours)
                    .forEach((name, data) -> assertThat(data)
                            .as(name)
                            .isEqualTo((name.startsWith("classifier") ? before : expected).get(name)));
            assertThatThrownBy(() -> weights.load(ours))
                    .hasMessageContaining("classifier.weight [10, 1024] instead of [3, 1024]");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"resdensenet", "densenet121", "resnet50v2"})
    void roundTripThroughPthAndSafetensorsIsBitExact(String name) throws Exception {
        try (ImageClassifier model = model(name, 3, 4);
                ImageClassifier other = model(name, 3, 5)) {
            Map<String, TensorData> state = ModelState.of(model);
            Weights.read(pth(state)).load(other);
            assertThat(ModelState.of(other)).isEqualTo(state);
            Path safetensors = folder.resolve("w.safetensors");
            try (OutputStream out = Files.newOutputStream(safetensors)) {
                new Safetensors(state, Map.of()).write(out);
            }
            assertThat(Weights.read(safetensors).tensors()).isEqualTo(state);
        }
    }

    @Test
    void torchvisionLoadsWrittenDenseNetStrictly() throws Exception {
        String python = System.getenv("RESDENSENET_PYTHON");
        assumeTrue(python != null, "skipped: set RESDENSENET_PYTHON to a Python with torch and torchvision");
        Path file;
        try (ImageClassifier model = model("densenet121", 3, 4)) {
            file = pth(ModelState.of(model));
        }
        Path fixtures = Path.of("..", "fixtures").toAbsolutePath().normalize();
        String program = "import sys, torch; sys.path.insert(0, sys.argv[2])\n"
                + "import torchvision_without_ops, torchvision\n"
                + "model = torchvision.models.densenet121(num_classes=3)\n"
                + "print(model.load_state_dict(torch.load(sys.argv[1], weights_only=True), strict=True))";
        Process process = new ProcessBuilder(List.of(python, "-c", program, file.toString(), fixtures.toString()))
                .redirectErrorStream(true)
                .start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(printed).contains("<All keys matched successfully>");
    }
}
