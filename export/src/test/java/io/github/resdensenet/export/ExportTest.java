package io.github.resdensenet.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.checkpoint.TensorData;
import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.proto.onnx.ModelProto;
import io.github.resdensenet.proto.onnx.NodeProto;
import io.github.resdensenet.proto.onnx.StringStringEntryProto;
import io.github.resdensenet.proto.onnx.TensorProto;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.run.Weights;
import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.testkit.Extent;
import io.github.resdensenet.testkit.TestImages;
import io.github.resdensenet.testkit.Trust;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.transforms.Preprocessing.ResizeMode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ExportTest {
    private static final List<String> CLASSES = List.of("it's day", "night", "夜");

    @TempDir
    private Path folder;

    /** A network whose running statistics and biases are not those of a fresh one. */
    private static Map<String, TensorData> weights(Recipe recipe) {
        try (ImageClassifier model = Models.create(recipe.model(), CLASSES.size(), 3)) {
            Map<String, TensorData> state = new LinkedHashMap<>();
            ModelState.of(model).forEach((name, tensor) -> state.put(name, changed(name, tensor)));
            return state;
        }
    }

    private static TensorData changed(String name, TensorData tensor) {
        if (tensor.shape().size() != 1) {
            return tensor;
        }
        double[] numbers = Counter.uniform(name, Math.toIntExact(tensor.shape().get(0)));
        ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        boolean aroundOne = name.endsWith("weight") || name.endsWith("running_var");
        for (double number : numbers) {
            bytes.putFloat((float) ((aroundOne ? 1 : 0) + number / 4));
        }
        return new TensorData(tensor.dtype(), tensor.shape(), bytes.flip());
    }

    private static Recipe recipe(String model, String fusion, int size) throws IOException {
        Recipe recipe = Recipe.builtIn("default", Architecture.of(model)).with("data.imageSize", "" + size);
        return model.equals("resdensenet")
                ? recipe.with("model.fusion", fusion)
                        .with("model.blockConfig", "[2, 1, 2]")
                        .with("model.growthRate", "8")
                        .with("model.numInitFeatures", "16")
                : recipe;
    }

    private Run run(Recipe recipe) throws IOException {
        Path run = folder.resolve("run");
        return new Weights(weights(recipe), Normalize.IMAGENET, run).createRun(recipe, CLASSES, run);
    }

    private Run small() throws IOException {
        return run(recipe("resdensenet", "both", 48));
    }

    private static CheckImages images(List<RgbImage> images) {
        return new CheckImages(
                "images",
                images.stream().map(image -> (CheckImages.Source) () -> image).toList());
    }

    private static ModelProto read(Path file) throws IOException {
        return ModelProto.parseFrom(Files.readAllBytes(file));
    }

    /** Model, variant and image size. */
    static List<Arguments> networks() {
        return List.of(
                Arguments.of("resdensenet", "both", 32),
                Arguments.of("resdensenet", "both", 75),
                Arguments.of("resdensenet", "concat", 32),
                Arguments.of("resdensenet", "add", 32),
                Arguments.of("resdensenet", "none", 32),
                Arguments.of("resdensenet", "stacked", 32),
                Arguments.of("densenet121", "both", 32),
                Arguments.of("resnet50v2", "both", 64));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void onnxRuntimeGivesTheSameLogitsAndProbabilities(String model, String fusion, int size) throws Exception {
        Run run = run(recipe(model, fusion, size));
        double worst = 0;
        for (ModelInput input : ModelInput.values()) {
            OnnxExport.Report report = OnnxExport.write(run, new OnnxOptions(input), folder.resolve(input + ".onnx"));
            assertThat(report.check().images()).isEqualTo(20);
            assertThat(report.check().otherClass()).isZero();
            assertThat(report.check().logits()).isLessThan(1e-5);
            assertThat(report.check().probabilities()).isLessThan(1e-6);
            worst = Math.max(worst, report.check().logits());
        }
        assertThat(TorchScriptExport.write(run, folder.resolve("m.pt")))
                .startsWith("Checked with libtorch on 20 images");
        Trust.row("E1-" + model + "-" + fusion + "-" + size, 40, 0, worst);
    }

    @Test
    void pixelsOfAnySizeAreResizedExactly() throws Exception {
        List<RgbImage> images = new ArrayList<>();
        for (int i = 0; i < Extent.of(40, 500); i++) {
            int height = 1 + 37 * i % (i % 5 == 0 ? 400 : 90);
            int width = 1 + 53 * i % (i % 7 == 0 ? 600 : 110);
            images.add(new RgbImage(width, height, Counter.image("resize" + i, height, width, false)));
        }
        Run run = small();
        Path file = folder.resolve("m.onnx");
        OnnxExport.write(run, new OnnxOptions(ModelInput.PIXELS), file);
        try (Classifier classifier = Classifier.load(run.folder())) {
            OnnxCheck check = OnnxCheck.compare(file, classifier, ModelInput.PIXELS, 1, images(images));
            Trust.row("E2", images.size(), check.otherClass(), check.probabilities());
            assertThat(check.logits()).isLessThan(1e-5);
            assertThat(check.probabilities()).isLessThan(1e-6);
        }
    }

    /** Runs the nodes of the resize alone. */
    @ParameterizedTest
    @EnumSource(ResizeMode.class)
    void pixelsOfAnySizeAreResizedExactlyInEveryMode(ResizeMode mode) throws Exception {
        List<int[]> sizes = new ArrayList<>(List.of(
                new int[] {1, 1},
                new int[] {1, 40},
                new int[] {40, 1},
                new int[] {2, 90},
                new int[] {90, 2},
                new int[] {5, 400},
                new int[] {97, 5},
                new int[] {48, 48},
                new int[] {48, 51},
                new int[] {51, 48}));
        for (int i = 0; i < Extent.of(30, 300); i++) {
            sizes.add(new int[] {1 + 37 * i % (i % 5 == 0 ? 400 : 90), 1 + 53 * i % (i % 7 == 0 ? 600 : 110)});
        }
        int input = 33;
        Preprocessing preprocessing = new Preprocessing(input, Normalize.IMAGENET, false, mode);
        OnnxGraph graph = new OnnxGraph("resize");
        String pixels = graph.input(OnnxModel.value("pixels", TensorProto.DataType.UINT8, 1L, 3L, "height", "width"));
        graph.output(OnnxModel.value(
                ResizeNodes.add(graph, pixels, preprocessing), TensorProto.DataType.DOUBLE, 1L, 3L, 33L, 33L));
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
                OrtSession session = environment.createSession(
                        OnnxModel.builder(graph).build().toByteArray(), options)) {
            for (int[] size : sizes) {
                RgbImage image =
                        new RgbImage(size[1], size[0], Counter.image("resize" + size[0], size[0], size[1], false));
                byte[] planes = new byte[3 * size[0] * size[1]];
                for (int k = 0; k < planes.length; k++) {
                    planes[k % 3 * size[0] * size[1] + k / 3] = image.pixels()[k];
                }
                ByteBuffer direct =
                        ByteBuffer.allocateDirect(planes.length).put(planes).flip();
                byte[] resized = new byte[3 * input * input];
                try (OnnxTensor tensor = OnnxTensor.createTensor(
                                environment, direct, new long[] {1, 3, size[0], size[1]}, OnnxJavaType.UINT8);
                        OrtSession.Result result = session.run(Map.of("pixels", tensor))) {
                    double[][][] values = ((double[][][][]) result.get(0).getValue())[0];
                    for (int k = 0; k < resized.length; k++) {
                        resized[k] = (byte) values[k % 3][k / 3 / input][k / 3 % input];
                    }
                }
                assertThat(resized)
                        .as("%d x %d", size[1], size[0])
                        .isEqualTo(preprocessing.input(image).pixels());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ResizeMode.class)
    void exportsEveryResizeModeAndNamesIt(ResizeMode mode) throws Exception {
        Run run = run(recipe("resdensenet", "both", 48).with("data.resize", mode.toString()));
        for (ModelInput input : ModelInput.values()) {
            Path file = folder.resolve(input + ".onnx");
            OnnxExport.Report report = OnnxExport.write(run, new OnnxOptions(input), file);
            assertThat(report.check().logits()).isLessThan(1e-5);
            Map<String, String> metadata = read(file).getMetadataPropsList().stream()
                    .collect(Collectors.toMap(StringStringEntryProto::getKey, StringStringEntryProto::getValue));
            JsonNode manifest = JsonMapper.shared().readTree(metadata.get("resdensenet.manifest"));
            assertThat(manifest.get("resizeMode").asString()).isEqualTo(mode.toString());
        }
        assertThat(TorchScriptExport.write(run, folder.resolve("m.pt"))).startsWith("Checked with libtorch");
        Bundle.TRITON.write(run, new OnnxOptions(ModelInput.PIXELS), folder.resolve("triton"));
        assertThat(folder.resolve("triton/1/model.onnx")).isNotEmptyFile();
    }

    @Test
    void huggingFaceBundleCropsOrRejectsPadding() throws Exception {
        Path bundle = folder.resolve("hf");
        OnnxOptions options = new OnnxOptions(ModelInput.TENSOR);
        Run crop = run(recipe("resdensenet", "both", 48).with("data.resize", "crop"));
        Bundle.HF.write(crop, options, bundle);
        JsonNode preprocessor = JsonMapper.shared().readTree(bundle.resolve("preprocessor_config.json"));
        assertThat(preprocessor.get("image_processor_type").asString()).isEqualTo("CLIPImageProcessor");
        assertThat(preprocessor.get("size").get("shortest_edge").asInt()).isEqualTo(48);
        assertThat(preprocessor.get("do_center_crop").asBoolean()).isTrue();
        assertThat(preprocessor.get("crop_size").get("height").asInt()).isEqualTo(48);
        folder = Files.createDirectory(folder.resolve("other"));
        Run pad = run(recipe("resdensenet", "both", 48).with("data.resize", "pad"));
        assertThatThrownBy(() -> Bundle.HF.write(pad, options, folder.resolve("hf")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("data.resize must be stretch or crop for --format hf, but the run has pad;"
                        + " use --format onnx");
        assertThat(folder.resolve("hf")).doesNotExist();
    }

    @Test
    void graphIsOfOpset18AndHasTheNamesOfTheStateDict() throws Exception {
        Run run = small();
        Path file = folder.resolve("m.onnx");
        OnnxExport.write(run, new OnnxOptions(ModelInput.TENSOR), file);
        ModelProto model = read(file);
        assertThat(model.getIrVersion()).isEqualTo(8);
        assertThat(model.getOpsetImport(0).getVersion()).isEqualTo(18);
        List<String> names = model.getGraph().getInitializerList().stream()
                .map(TensorProto::getName)
                .toList();
        List<String> parameters = run.readBest().weights().tensors().keySet().stream()
                .filter(name -> !name.endsWith("num_batches_tracked"))
                .toList();
        assertThat(names).containsAll(parameters).hasSize(parameters.size() + 1).contains("temperature");
        assertThat(model.getGraph().getNodeList().stream().map(NodeProto::getName))
                .contains("stem.0", "logits", "probabilities")
                .doesNotHaveDuplicates();
    }

    @Test
    void metadataDescribesClassesAndPreprocessing() throws Exception {
        Path file = folder.resolve("m.onnx");
        OnnxExport.write(small(), new OnnxOptions(ModelInput.PIXELS), file);
        Map<String, String> metadata = read(file).getMetadataPropsList().stream()
                .collect(Collectors.toMap(StringStringEntryProto::getKey, StringStringEntryProto::getValue));
        assertThat(metadata)
                .containsEntry("task", "classify")
                .containsEntry("imgsz", "[48, 48]")
                .containsEntry("names", "{0: 'it\\'s day', 1: 'night', 2: '夜'}")
                .containsEntry("Image.BitmapPixelFormat", "Rgb8");
        JsonNode manifest = JsonMapper.shared().readTree(metadata.get("resdensenet.manifest"));
        assertThat(manifest.get("classes").get(2).asString()).isEqualTo("夜");
        assertThat(manifest.get("imageSize").asInt()).isEqualTo(48);
        assertThat(manifest.get("weightsSha256").asString()).hasSize(64);
    }

    @ParameterizedTest
    @EnumSource(ModelInput.class)
    void sameRunGivesSameBytes(ModelInput input) throws Exception {
        Run run = small();
        OnnxExport.write(run, new OnnxOptions(input), folder.resolve("a.onnx"));
        OnnxExport.write(run, new OnnxOptions(input), folder.resolve("b.onnx"));
        assertThat(folder.resolve("a.onnx")).hasSameBinaryContentAs(folder.resolve("b.onnx"));
        TorchScriptExport.write(run, folder.resolve("a.pt"));
        TorchScriptExport.write(run, folder.resolve("b.pt"));
        assertThat(folder.resolve("a.pt")).hasSameBinaryContentAs(folder.resolve("b.pt"));
    }

    @Test
    void detectsAModelThatDiffers() throws Exception {
        Run run = small();
        Path file = folder.resolve("m.onnx");
        OnnxExport.write(run, new OnnxOptions(ModelInput.TENSOR), file);
        ModelProto.Builder model = read(file).toBuilder();
        TensorProto.Builder bias = model.getGraphBuilder().getInitializerBuilderList().stream()
                .filter(tensor -> tensor.getName().endsWith("bn1.bias"))
                .findFirst()
                .orElseThrow();
        byte[] bytes = bias.getRawData().toByteArray();
        bytes[2] ^= 0x40;
        bias.setRawData(com.google.protobuf.ByteString.copyFrom(bytes));
        Files.write(file, model.build().toByteArray());
        List<RgbImage> images = List.of(new RgbImage(60, 50, Counter.image("x", 50, 60, false)));
        try (Classifier classifier = Classifier.load(run.folder())) {
            assertThat(OnnxCheck.compare(file, classifier, ModelInput.TENSOR, 1, images(images))
                            .passes())
                    .isFalse();
        }
    }

    @Test
    void leavesNothingHalfWritten() throws Exception {
        Run run = small();
        Path taken = Files.createDirectories(folder.resolve("taken/full"));
        assertThatThrownBy(() -> OnnxExport.write(run, new OnnxOptions(ModelInput.PIXELS), taken.getParent()))
                .isInstanceOf(IOException.class);
        Path missing = folder.resolve("missing/m.onnx");
        assertThatThrownBy(() -> OnnxExport.write(run, new OnnxOptions(ModelInput.PIXELS), missing))
                .isInstanceOf(IOException.class);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder("run", "taken");
        }
    }

    @Test
    void tritonBundleDeclaresInputsOutputsAndLabels() throws Exception {
        Path bundle = folder.resolve("my model");
        Bundle.TRITON.write(small(), new OnnxOptions(ModelInput.PIXELS), bundle);
        assertThat(bundle.resolve("labels.txt")).hasContent("it's day\nnight\n夜\n");
        assertThat(bundle.resolve("config.pbtxt"))
                .content()
                .contains("name: \"my model\"", "dims: [ -1, -1, 3 ]", "data_type: TYPE_UINT8", "dims: [ 3 ]");
        assertThat(bundle.resolve("1/model.onnx")).isNotEmptyFile();
    }

    @Test
    void huggingFaceBundleHasCalibratedLogits() throws Exception {
        Path bundle = folder.resolve("hf");
        OnnxExport.Report report = Bundle.HF.write(small(), new OnnxOptions(ModelInput.TENSOR), bundle);
        assertThat(report.check().logits()).isLessThan(1e-5);
        JsonNode config = JsonMapper.shared().readTree(bundle.resolve("config.json"));
        assertThat(config.get("id2label").get("2").asString()).isEqualTo("夜");
        JsonNode preprocessor = JsonMapper.shared().readTree(bundle.resolve("preprocessor_config.json"));
        assertThat(preprocessor.get("size").get("height").asInt()).isEqualTo(48);
        assertThat(read(bundle.resolve("onnx/model.onnx"))
                        .getGraph()
                        .getInput(0)
                        .getName())
                .isEqualTo("pixel_values");
        assertThatThrownBy(() ->
                        Bundle.HF.write(Run.open(folder.resolve("run")), new OnnxOptions(ModelInput.TENSOR), bundle))
                .hasMessageContaining("already exists");
    }

    /** A network with input {@code x} and output {@code logits}. */
    private static OnnxGraph network(Classifier classifier) {
        OnnxGraph network = new OnnxGraph("network");
        NetworkNodes.add(
                network, classifier.model(), classifier.preprocessing().imageSize(), "pixel_values", OnnxModel.LOGITS);
        return network;
    }

    private List<Path> imageFiles(int count) throws IOException {
        List<Path> files = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Path file = folder.resolve("image" + i + ".png");
            TestImages.png(file, 50, 60, Counter.image("image" + i, 50, 60, false));
            files.add(file);
        }
        return files;
    }

    @ParameterizedTest
    @MethodSource("networks")
    void foldedNetworkGivesTheSameLogitsAndQuantizedNetworkSimilarOnes(String model, String fusion, int size)
            throws Exception {
        Run run = run(recipe(model, fusion, size));
        Checkpoint best = run.readBest();
        List<Path> files = imageFiles(12);
        List<RgbImage> images = new ArrayList<>();
        for (Path file : files) {
            images.add(ImageDecoder.decode(file, true));
        }
        OnnxOptions options = new OnnxOptions(ModelInput.TENSOR);
        Path file = folder.resolve("m.onnx");
        try (Classifier classifier = Classifier.of(best, run.best())) {
            OnnxGraph folded = FoldedNetwork.of(network(classifier));
            assertThat(folded.nodes().stream().map(NodeProto::getOpType)).doesNotContain("BatchNormalization");
            Files.write(
                    file,
                    OnnxModel.of(classifier, best.manifest(), options, false, (network, name) -> folded)
                            .toByteArray());
            assertThat(OnnxCheck.compare(file, classifier, ModelInput.TENSOR, 1, images(images))
                            .logits())
                    .isLessThan(1e-4);
            OnnxGraph quantized =
                    QuantizedNetwork.of(folded, new ActivationRanges(folded, "pixel_values", classifier, files));
            assertThat(quantized.nodes())
                    .filteredOn(node -> node.getOpType().equals("Conv"))
                    .allSatisfy(
                            node -> assertThat(node.getInputList()).allMatch(name -> name.endsWith(".dequantized")));
            Files.write(
                    file,
                    OnnxModel.of(classifier, best.manifest(), options, false, (network, name) -> quantized)
                            .toByteArray());
            OnnxCheck check = OnnxCheck.compare(file, classifier, ModelInput.TENSOR, 1, images(images));
            assertThat(check.probabilities()).isLessThan(0.15);
            Trust.row("E8-" + model + "-" + fusion + "-" + size, images.size(), 0, check.probabilities());
        }
    }

    @Test
    void quantizingNeedsTrainingImages() throws Exception {
        Run run = small();
        Path file = folder.resolve("m.onnx");
        OnnxOptions options = new OnnxOptions(ModelInput.PIXELS, ModelPrecision.INT8, null);
        assertThatThrownBy(() -> OnnxExport.write(run, options, file))
                .hasMessageStartingWith("--precision int8 needs the run's training images");
        assertThat(file).doesNotExist();
    }

    /** Runs the Java program of docs/export.md. */
    @Test
    void programOfTheDocumentationGivesTheSameProbabilities() throws Exception {
        String page = Files.readString(Path.of("../docs/export.md"));
        int start = page.indexOf("```java\n") + "```java\n".length();
        Path source = Files.writeString(
                folder.resolve("PredictOnnx.java"), page.substring(start, page.indexOf("```\n", start)));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        String classPath = System.getProperty("java.class.path");
        assertThat(compiler.run(null, null, null, "-cp", classPath, source.toString()))
                .isZero();
        Run run = small();
        Path file = folder.resolve("m.onnx");
        OnnxExport.write(run, new OnnxOptions(ModelInput.PIXELS), file);
        Path image = imageFiles(1).get(0);
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader = new URLClassLoader(
                        new URL[] {folder.toUri().toURL()}, getClass().getClassLoader());
                Classifier classifier = Classifier.load(run.folder())) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loader.loadClass("PredictOnnx").getMethod("main", String[].class).invoke(null, (Object)
                    new String[] {file.toString(), image.toString()});
            List<Double> expected = classifier.classify(image).probabilities();
            String[] numbers = printed.toString(StandardCharsets.UTF_8)
                    .strip()
                    .replaceAll("[\\[\\] ]", "")
                    .split(",");
            assertThat(numbers).hasSameSizeAs(expected);
            for (int i = 0; i < numbers.length; i++) {
                assertThat(Double.parseDouble(numbers[i])).isCloseTo(expected.get(i), within(1e-6));
            }
        } finally {
            System.setOut(before);
        }
    }
}
