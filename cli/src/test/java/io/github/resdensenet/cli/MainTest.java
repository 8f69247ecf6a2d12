package io.github.resdensenet.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.testkit.Messages;
import io.github.resdensenet.testkit.TestImages;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class MainTest {
    private static final String[] SMALL = {
        "--set",
        "model.blockConfig=[1, 1]",
        "--set",
        "model.growthRate=8",
        "--set",
        "model.numInitFeatures=8",
        "--image-size",
        "32",
        "--epochs",
        "2"
    };

    @TempDir
    private static Path shared;

    private static Path images;
    private static Path run;

    @TempDir
    private Path root;

    record Result(int status, String out, String err) {
        /** Asserts the exit code and that stderr is one line without a stack trace. */
        void fails(int expected, String... fragments) {
            assertThat(status).as(err).isEqualTo(expected);
            assertThat(err).startsWith("resdensenet: ").contains(fragments).doesNotContain("\tat ", "Exception");
            assertThat(err.strip().lines()).as(err).hasSize(1);
            assertThat(Messages.fault(err.strip(), "")).isEmpty();
        }
    }

    private static Result call(Object... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status = Main.run(
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                Arrays.stream(args).map(Object::toString).toArray(String[]::new));
        return new Result(status, out.toString(), err.toString());
    }

    private static Result train(Path data, Path out, String... more) {
        List<Object> args = new ArrayList<>(List.of("train", "--data", data, "--out", out));
        args.addAll(List.of(SMALL));
        args.addAll(List.of(more));
        return call(args.toArray());
    }

    private static JsonNode json(String line) {
        assertThat(line.strip().lines()).hasSize(1);
        return JsonMapper.shared().readTree(line);
    }

    @BeforeAll
    static void trainOnce() throws Exception {
        images = TestImages.folder(shared.resolve("images"), 12, 20, "day", "night");
        run = shared.resolve("run");
        Result result = train(images, run);
        assertThat(result.status()).as(result.err()).isZero();
        assertThat(result.out())
                .contains("Number of datapoints: 24", "Classes: {'day': 0, 'night': 1}", "Epoch: 2, Train_acc:")
                .contains("ResDenseNet Best Test Accuracy: ", "Done: " + run);
    }

    @Test
    void nativeOutOfMemoryIsOneLineWithHint() {
        assertThat(Main.message(
                        new RuntimeException("[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator:"
                                + " can't allocate memory: you tried to allocate 1284505600 bytes. Error code 12 (Cannot allocate"
                                + " memory)\nframe #0: c10::ThrowEnforceNotMet")))
                .isEqualTo(
                        "out of memory: you tried to allocate 1284505600 bytes. Error code 12 (Cannot allocate memory);"
                                + " reduce data.batchSize or data.imageSize");
    }

    @Test
    void namesOfFilesAreTakenAsTheyAre() throws Exception {
        call("audit", "@photos").fails(1, "@photos: no such folder");
        call("predict", "", "a.png").fails(2, "the path is empty");
        call("train", "--data", "").fails(2, "the path is empty");
        Path file = Files.writeString(root.resolve("file"), "");
        Path image = images.resolve("day/000.png");
        call("explain", run, image, "--out", file).fails(1, file + ": exists already and is not a folder");
        Path empty = Files.createDirectory(root.resolve("empty"));
        Result result = call("predict", run, empty, image, "--json");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out().lines().map(MainTest::json))
                .satisfiesExactly(
                        line -> assertThat(line.get("error").asString()).contains("no images in this folder"),
                        line -> assertThat(line.has("class")).isTrue());
    }

    @Test
    void subsetsAsClassesAreRemarkedOn() throws Exception {
        Path data = TestImages.folder(root.resolve("data"), 6, 20, "train", "Test");
        String remark = "the class folders are named Test, train; if these are subsets";
        assertThat(call("audit", data).out()).contains(remark);
        assertThat(train(data, root.resolve("run")).out()).contains("Note: " + remark);
    }

    @Test
    void predictionsNeedAFolderBeforeTheTestSetIsEvaluated() throws Exception {
        Path looks = run.resolve("test_looks.json");
        String before = Files.readString(looks);
        call("evaluate", run, "--predictions", root.resolve("no/p.csv"))
                .fails(1, "p.csv: the folder", "does not exist");
        assertThat(Files.readString(looks)).isEqualTo(before);
    }

    @Test
    void numbersAreInRange() {
        call("train", "--data", images, "--epochs", "3000000000")
                .fails(2, "train.epochs must be at most", "3000000000");
        call("train", "--data", images, "--set", "model.blockConfig=[3000000000]")
                .fails(2, "model.blockConfig must be at most", "3000000000");
        call("train", "--data", images, "--nproc", "500").fails(2, "--nproc must be at most train.shards");
    }

    @Test
    void evaluatePrintsSameMetricsAsTextAndJson() {
        Result words = call("evaluate", run);
        assertThat(words.status()).isZero();
        assertThat(words.out()).contains("ResDenseNet Best Test Accuracy: ", "95% interval", "recall", "confusion");
        JsonNode json = json(call("evaluate", run, "--json", "--split", "all").out());
        assertThat(json.get("split").asString()).isEqualTo("all");
        assertThat(json.get("n").asInt()).isEqualTo(24);
        assertThat(json.get("accuracy_ci95").size()).isEqualTo(2);
        assertThat(json.get("per_class").get(1).get("class").asString()).isEqualTo("night");
        assertThat(json(call("evaluate", run, "--data", images, "--allow-trained", "--json")
                                .out())
                        .get("confusion"))
                .isEqualTo(json.get("confusion"));
    }

    @Test
    void predictContinuesAfterUnreadableImage() throws Exception {
        Path unreadable = root.resolve("unreadable.png");
        Files.writeString(unreadable, "not an image");
        Path good = images.resolve("day/000.png");
        Result result = call("predict", run, unreadable, good, root.resolve("none.png"), "--json");
        assertThat(result.status()).isEqualTo(1);
        List<String> lines = result.out().lines().toList();
        assertThat(lines).hasSize(3);
        assertThat(json(lines.get(0)).get("error").asString()).contains("not an image in a supported format");
        assertThat(json(lines.get(1)).get("file").asString()).isEqualTo(good.toString());
        assertThat(json(lines.get(1)).get("probabilities").size()).isEqualTo(2);
        assertThat(json(lines.get(2)).get("error").asString()).contains("no such file");
        Result folder = call("predict", run, images, "--top-k", "1");
        assertThat(folder.status()).isZero();
        assertThat(folder.out().lines())
                .hasSize(24)
                .allMatch(line -> line.matches(".*: (day|night) \\(\\1 [0-9.]+%\\)"));
        call("predict", run, good, "--top-k", "0").fails(2, "--top-k must be positive, got 0");
    }

    @Test
    void predictAbstainsBelowThresholdAndPrintsRawLogits() {
        Path image = images.resolve("day/000.png");
        JsonNode plain = json(call("predict", run, image, "--json").out());
        assertThat(plain.has("abstained")).isFalse();
        assertThat(plain.has("logits")).isFalse();
        double confidence =
                plain.get("probabilities").get(plain.get("class").asString()).asDouble();
        JsonNode unsure = json(call("predict", run, image, "--json", "--abstain-below", Math.nextUp(confidence))
                .out());
        assertThat(unsure.get("abstained").asBoolean()).isTrue();
        assertThat(unsure.get("class").asString()).isEqualTo("abstain");
        assertThat(unsure.get("probabilities")).isEqualTo(plain.get("probabilities"));
        JsonNode sure = json(call("predict", run, image, "--json", "--abstain-below", confidence)
                .out());
        assertThat(sure.get("abstained").asBoolean()).isFalse();
        assertThat(sure.get("class")).isEqualTo(plain.get("class"));
        assertThat(call("predict", run, image, "--abstain-below", "1").out()).contains(": abstain (");
        JsonNode raw = json(call("predict", run, image, "--json", "--raw").out());
        double gap = raw.get("logits").get("day").asDouble()
                - raw.get("logits").get("night").asDouble();
        double temperature = raw.get("temperature").asDouble();
        assertThat(raw.get("probabilities").get("day").asDouble()).isCloseTo(1 / (1 + Math.exp(-gap)), within(1e-12));
        assertThat(plain.get("probabilities").get("day").asDouble())
                .isCloseTo(1 / (1 + Math.exp(-gap / temperature)), within(1e-12));
        call("predict", run, image, "--abstain-below", "2").fails(2, "--abstain-below must be 0 to 1, got 2.0");
    }

    @Test
    void quantizeWritesTheFileThatPredictionsIn8BitsNeed() throws Exception {
        Path image = images.resolve("day/000.png");
        Path own = root.resolve("own");
        copy(run, own);
        call("predict", own, image, "--precision", "int4").fails(2, "--precision must be");
        call("quantize", own, "--images", "0").fails(2, "--images must be 1 to 10000, got 0");
        try {
            Inference.require(InferencePrecision.INT8);
        } catch (UnsupportedOperationException e) {
            assumeTrue(false, e.getMessage());
        }
        call("predict", own, image, "--precision", "int8").fails(1, "quantization.json: missing");

        Result words = call("quantize", own, "--images", "8");
        assertThat(words.status()).as(words.err()).isZero();
        assertThat(words.out()).contains("quantization.json: ranges measured on 8 training images", "int8  accuracy");
        assertThat(json(call("quantize", own, "--images", "8", "--json").out())
                        .get("images")
                        .asInt())
                .isEqualTo(8);
        Result int8 = call("predict", own, image, "--precision", "int8");
        assertThat(int8.err()).isEqualTo("resdensenet: precision int8" + System.lineSeparator());
        assertThat(int8.out()).contains("day ", "night ");
        assertThat(json(call("predict", own, image, "--precision", "int8", "--json")
                                .out())
                        .get("precision")
                        .asString())
                .isEqualTo("int8");
        assertThat(json(call("evaluate", own, "--precision", "int8", "--json").out())
                        .get("precision")
                        .asString())
                .isEqualTo("int8");
    }

    @Test
    void evaluateAndPredictAverageViews() throws Exception {
        Path file = root.resolve("predictions.csv");
        JsonNode flip = json(call("evaluate", run, "--tta", "flip", "--json", "--predictions", file)
                .out());
        assertThat(flip.get("tta").asString()).isEqualTo("flip");
        String[] row = Files.readAllLines(file).get(1).split(",");
        JsonNode predicted = json(call("predict", run, images.resolve(row[0]), "--tta", "flip", "--json")
                .out());
        assertThat(predicted.get("tta").asString()).isEqualTo("flip");
        assertThat(predicted.get("probabilities").get("day").asDouble())
                .isCloseTo(Double.parseDouble(row[3]), within(1e-6));
        assertThat(call("evaluate", run, "--tta", "crops", "--precision-target", "0.3")
                        .out())
                .contains(
                        "Test-time augmentation: crops, 10 views per image",
                        "The threshold is for predict --tta crops.");
        Path image = images.resolve("day/000.png");
        String plain = call("predict", run, image, "--json", "--raw").out();
        assertThat(call("predict", run, image, "--json", "--raw", "--tta", "none")
                        .out())
                .isEqualTo(plain);
        assertThat(call("predict", run, image, "--raw", "--tta", "crops").out())
                .isNotEqualTo(call("predict", run, image, "--raw").out());
        assertThat(json(plain).has("tta")).isFalse();
        JsonNode none = json(call("evaluate", run, "--json", "--split", "val").out());
        assertThat(none.has("tta")).isFalse();
        assertThat(json(call("evaluate", run, "--json", "--split", "val", "--tta", "none")
                        .out()))
                .isEqualTo(none);
        for (String command : List.of("evaluate", "predict")) {
            List<Object> args = new ArrayList<>(List.of(command, run, "--tta", "mirror"));
            if (command.equals("predict")) {
                args.add(image);
            }
            call(args.toArray()).fails(2, "--tta must be one of [none, flip, crops], got mirror");
        }
    }

    @Test
    void evaluateWritesPredictionsFindsThresholdAndCountsTestEvaluations() throws Exception {
        Path file = root.resolve("p.csv");
        JsonNode first =
                json(call("evaluate", run, "--json", "--predictions", file).out());
        List<String> lines = Files.readAllLines(file);
        assertThat(lines).hasSize(1 + first.get("n").asInt());
        assertThat(lines.get(0)).isEqualTo("path,truth,predicted,p_day,p_night");
        assertThat(lines.get(1)).matches("day/0.*\\.png,day,(day|night),[0-9.E-]+,[0-9.E-]+");
        JsonNode second = json(call("evaluate", run, "--json").out());
        int evaluations = first.get("test_looks").asInt();
        assertThat(second.get("test_looks").asInt()).isEqualTo(evaluations + 1);
        assertThat(call("evaluate", run).out())
                .contains(
                        "The test set has been evaluated " + (evaluations + 2) + " times",
                        "calibrated with temperature");
        assertThat(json(call("evaluate", run, "--split", "val", "--json").out()).has("test_looks"))
                .isFalse();
        JsonNode abstention = json(call("evaluate", run, "--precision-target", "0.3", "--json")
                        .out())
                .get("abstention");
        assertThat(abstention.get("threshold").asDouble()).isBetween(0.0, 1.0);
        assertThat(abstention.get("val").get("precision").asDouble()).isGreaterThanOrEqualTo(0.3);
        assertThat(abstention.get("test").get("coverage").asDouble()).isBetween(0.0, 1.0);
        assertThat(call("evaluate", run, "--split", "val", "--precision-target", "0.3")
                        .out())
                .contains("for a precision of 0.3: predict --abstain-below ", "  val: predicts ");
        call("evaluate", run, "--precision-target", "95")
                .fails(2, "--precision-target must be above 0 and at most 1, got 95.0");
    }

    @Test
    void explainWritesThreeFilesPerImageAndContinuesAfterUnreadableOne() throws Exception {
        Path unreadable = root.resolve("unreadable.png");
        Files.writeString(unreadable, "not an image");
        Path day = images.resolve("day/000.png");
        Path night = images.resolve("night/000.png");
        Path out = root.resolve("out");
        Result result = call("explain", run, unreadable, day, night, "--target", "night", "--out", out);
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err())
                .startsWith("resdensenet: " + unreadable + ": ")
                .contains("not an image in a supported format");
        List<String> lines = result.out().lines().toList();
        assertThat(lines).hasSize(4);
        assertThat(lines.get(0))
                .startsWith(day + ": Attribution map for night (")
                .endsWith(" -> " + out.resolve("000-gradcam.png"));
        assertThat(lines.get(1)).matches("  Faithfulness check: (passed|partly passed|failed|not possible)\\. .*");
        assertThat(lines.get(2)).endsWith(" -> " + out.resolve("000-2-gradcam.png"));
        JsonNode json = json(Files.readString(out.resolve("000-gradcam.json")));
        assertThat(json.get("file").asString()).isEqualTo(day.toString());
        assertThat(json.get("target").asString()).isEqualTo("night");
        assertThat(json.get("map").size()).isEqualTo(4);
        assertThat(json.get("sanity").get("verdict").asString())
                .isEqualTo(lines.get(1).strip());
        JsonNode predicted = json(call("predict", run, day, "--json").out());
        assertThat(json.get("probabilities")).isEqualTo(predicted.get("probabilities"));
        try (Stream<Path> files = Files.list(out)) {
            assertThat(files.map(p -> p.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "000-gradcam.png",
                            "000-gradcam-map.png",
                            "000-gradcam.json",
                            "000-2-gradcam.png",
                            "000-2-gradcam-map.png",
                            "000-2-gradcam.json");
        }
    }

    @Test
    void explainRejectsUnknownTargetStageMethodAndRun() {
        Path day = images.resolve("day/000.png");
        call("explain", run, day, "--target", "noon").fails(2, "target must be one of [day, night], got noon");
        call("explain", run, day, "--stage", "7")
                .fails(2, "stage must be one of 0 stem, 1 stages.0, 2 stages.1, got 7");
        call("explain", run, day, "--method", "x").fails(2, "method must be one of [gradcam, gradcam++, layercam");
        call("explain", root.resolve("none"), day).fails(1, "no such run folder");
        Result occlusion = call("explain", run, day, "--method", "occlusion", "--patch", "16", "--no-check");
        assertThat(occlusion.status()).as(occlusion.err()).isZero();
        assertThat(occlusion.out()).contains("Occlusion, patch 16, stride 8, 4 x 4");
        assertThat(run.resolve("explain/000-occlusion.png")).isNotEmptyFile();
    }

    @Test
    void importedExportPredictsLikeTheRun() throws Exception {
        List<String> classes = JsonMapper.shared()
                .readTree(Files.readString(run.resolve("checkpoints/best/manifest.json")))
                .get("classes")
                .valueStream()
                .map(JsonNode::asString)
                .toList();
        for (String format : List.of("pth", "safetensors")) {
            Path file = root.resolve("weights." + format);
            assertThat(call("export", run, "--format", format, "--out", file).status())
                    .isZero();
            if (format.equals("pth")) {
                assertThat(file).hasSameBinaryContentAs(run.resolve("best.pth"));
            }
            Path imported = root.resolve("imported-" + format);
            List<Object> command = new ArrayList<>(List.of(
                    "import", file, "--classes", String.join(",", classes), "--image-size", 32, "--out", imported));
            command.addAll(List.of(
                    "--set",
                    "model.blockConfig=[1, 1]",
                    "--set",
                    "model.growthRate=8",
                    "--set",
                    "model.numInitFeatures=8"));
            Result result = call(command.toArray());
            assertThat(result.status()).as(result.err()).isZero();
            assertThat(call("predict", imported, images, "--raw").out())
                    .isEqualTo(call("predict", run, images, "--raw").out());
            JsonNode raw = json(call("predict", imported, images.resolve("day/000.png"), "--raw", "--json")
                    .out());
            assertThat(raw.get("temperature").asDouble()).isEqualTo(1); // weight files contain no calibration
            call(command.toArray()).fails(1, imported.toString());
        }
        Path tooFew = root.resolve("x");
        call("import", run.resolve("best.pth"), "--classes", "a,b", "--out", tooFew)
                .fails(1, "best.pth", "the weights do not fit the model");
        call("import", run.resolve("recipe.yaml"), "--classes", "a,b", "--out", tooFew)
                .fails(1, "recipe.yaml");
        assertThat(tooFew).doesNotExist();
    }

    @Test
    void librariesLogOnlyWarnings() {
        assertThat(LoggerFactory.getLogger("io.jhdf.HdfFile").isInfoEnabled()).isFalse();
        assertThat(LoggerFactory.getLogger("io.jhdf.HdfFile").isWarnEnabled()).isTrue();
    }

    @Test
    void plotRecreatesCurveFiles() throws Exception {
        Files.delete(run.resolve("curves.png"));
        assertThat(call("plot", run).status()).isZero();
        assertThat(run.resolve("curves.png")).isNotEmptyFile();
        assertThat(Files.readAllLines(run.resolve("curves.csv")))
                .hasSize(3)
                .startsWith(
                        "epoch,training_accuracy,validation_accuracy,training_loss,validation_loss,learning_rate,best");
        JsonNode curves = json(Files.readString(run.resolve("curves.json")));
        assertThat(curves.get("learning_rate").size()).isEqualTo(2);
        assertThat(curves.get("best_epoch").asInt()).isBetween(1, 2);
    }

    @Test
    void reportRecreatesIdenticalPage() throws Exception {
        String left = Files.readString(run.resolve("report.html"));
        assertThat(left)
                .contains("<bdi>images</bdi>", "id=\"architecture\"", "day/0", "SHA-256")
                .doesNotContain("http://", "https://");
        Files.delete(run.resolve("report.html"));
        Result result = call("report", run);
        assertThat(result.status()).as(result.err()).isZero();
        assertThat(result.out().strip()).isEqualTo(run.resolve("report.html").toString());
        assertThat(Files.readString(run.resolve("report.html"))).isEqualTo(left);
    }

    @Test
    void diagramFormatFollowsFileExtension() throws Exception {
        Path svg = root.resolve("net.svg");
        Result result = call("diagram", "--set", "model.blockConfig=[1, 2]", "--image-size", "32", "--out", svg);
        assertThat(result.status()).as(result.err()).isZero();
        assertThat(Files.readString(svg)).startsWith("<svg ").contains("2 \u00d7 DenseLayer with concat");
        Path png = root.resolve("net.png");
        assertThat(call("diagram", "--set", "model.blockConfig=[1]", "--image-size", "32", "--out", png)
                        .status())
                .isZero();
        assertThat(Files.readAllBytes(png)).startsWith(0x89, 'P', 'N', 'G');
        call("diagram", "--out", root.resolve("net.jpg")).fails(2, "--out must be FILE.svg or FILE.png", "net.jpg");
    }

    @Test
    void summaryDoctorAndBenchPrintJson() {
        JsonNode summary = json(call("summary", "--json").out());
        assertThat(summary.get("params").asLong()).isEqualTo(1_986_691);
        assertThat(summary.get("rows").size()).isEqualTo(119);
        assertThat(summary.get("rows").get(0).get("layer").asString()).isEqualTo("Conv2d-1");
        assertThat(call("summary", "--tree", "--set", "model.growthRate=12").out())
                .contains("Conv2d(64, 48,");
        JsonNode dense =
                json(call("summary", "--model", "densenet121", "--json").out());
        assertThat(dense.get("params").asLong()).isEqualTo(6_956_931);
        assertThat(dense.get("rows").size()).isEqualTo(428);
        JsonNode residual = json(call("summary", "--model", "resnet50v2", "--num-classes", "1000", "--json")
                .out());
        assertThat(residual.get("params").asLong()).isEqualTo(25_568_360);
        assertThat(residual.get("rows").get(0).get("layer").asString()).isEqualTo("ZeroPad2d-1");
        JsonNode doctor = json(call("doctor", "--check", "--json").out());
        for (String key :
                List.of("java", "os", "cpu", "threads", "torch", "onednn", "engine", "device", "cache", "check")) {
            assertThat(doctor.has(key)).as(key).isTrue();
        }
        JsonNode bench = json(call("bench", "--image-size", "32", "--steps", "2", "--warmup", "1")
                .out());
        for (String key : List.of(
                "model engine batch size threads precision params loss train_ms_min train_ms_median infer_ms_min infer_ms_median peak_rss_mb"
                        .split(" "))) {
            assertThat(bench.has(key)).as(key).isTrue();
        }
        JsonNode data = json(call("bench", "--image-size", "32", "--steps", "2", "--warmup", "1", "--data", images)
                .out());
        assertThat(data.has("first_epoch_s")).isTrue();
        assertThat(data.get("stall_share").asDouble()).isBetween(0.0, 1.0);
    }

    @Test
    void helpVersionAndUsageErrorsLoadNoNativeLibrary() throws Exception {
        for (String[] args :
                new String[][] {{"--help"}, {"--version"}, {"train", "--help"}, {"train", "--bogus"}, {}}) {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xlog:class+load",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Main.class.getName()));
            command.addAll(List.of(args));
            Path log = root.resolve("log");
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(Files.readString(log)).contains("picocli").doesNotContain("org.bytedeco");
            boolean asked = args.length > 0 && !args[args.length - 1].equals("--bogus");
            assertThat(process.exitValue()).isEqualTo(asked ? 0 : 2);
        }
    }

    @Test
    void exportsOnnxAndReportsTheCheck() throws Exception {
        for (String input : List.of("pixels", "tensor")) {
            Path file = root.resolve(input + ".onnx");
            Result result = call("export", run, "--format", "onnx", "--input", input, "--out", file);
            assertThat(result.status()).as(result.err()).isZero();
            assertThat(result.out())
                    .startsWith(file + ": ONNX model with " + input + " input, fp32. Checked with ONNX Runtime on ")
                    .contains(" validation images: the predicted class is the same for ");
            assertThat(file).isNotEmptyFile();
        }
    }

    @Test
    void exportsAnInt8Model() throws Exception {
        Path int8 = root.resolve("int8.onnx");
        Result result =
                call("export", run, "--format", "onnx", "--input", "tensor", "--precision", "int8", "--out", int8);
        assertThat(result.status()).as(result.err()).isZero();
        assertThat(result.out()).contains("tensor input, int8. Checked with ONNX Runtime on ");
        Path again = root.resolve("again.onnx");
        call("export", run, "--format", "onnx", "--input", "tensor", "--precision", "int8", "--out", again);
        assertThat(again).hasSameBinaryContentAs(int8);
    }

    @Test
    void exportRejectsWhatItCannotDoAndWritesNothing() throws Exception {
        call("export", run, "--format", "onx")
                .fails(2, "--format", "pth, safetensors, onnx, triton, hf, torchscript", "onx");
        call("export", run, "--format", "pth", "--input", "pixels")
                .fails(2, "--input, --precision and --data are for --format onnx, triton and hf only");
        call("export", run, "--format", "onnx", "--input", "x").fails(2, "--input must be one of [pixels, tensor]");
        call("export", run, "--format", "onnx", "--precision", "int4")
                .fails(2, "--precision must be one of [fp32, int8], got int4");
        call("export", run, "--format", "onnx", "--precision", "int8", "--data", root.resolve("gone"))
                .fails(1, "--precision int8 needs the run's training images", "gone: no such folder");
        call("export", root, "--format", "onnx").fails(1, "not a run folder");
        call("export", run, "--format", "onnx", "--out", root).fails(1, root + ": is a folder, must be a file");
        call("export", run, "--format", "onnx", "--out", root.resolve("a/b.onnx"))
                .fails(1, "does not exist");
        try (Stream<Path> files = Files.list(root)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void failsIfTheOutputCannotBeWritten() {
        StringWriter errors = new StringWriter();
        PrintWriter full = new PrintWriter(new Writer() {
            @Override
            public void write(char[] text, int from, int length) throws IOException {
                throw new IOException("No space left on device");
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        });
        assertThat(Main.run(full, new PrintWriter(errors, true), "summary")).isEqualTo(1);
        assertThat(errors).hasToString("resdensenet: the output could not be written" + System.lineSeparator());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "train",
                "evaluate",
                "predict",
                "explain",
                "report",
                "plot",
                "export",
                "import",
                "audit",
                "summary",
                "diagram",
                "bench",
                "compare",
                "crossval",
                "doctor"
            })
    void helpShowsUsageAndTwoExamples(String command) {
        Result result = call(command, "--help");
        assertThat(result.status()).isZero();
        assertThat(result.out()).contains("Usage: resdensenet " + command);
        List<String> lines = result.out().lines().toList();
        assertThat(lines.subList(lines.indexOf("Examples:") + 1, lines.size()))
                .hasSize(2)
                .allMatch(line -> line.startsWith("  resdensenet " + command));
    }

    @Test
    void trainHelpGroupsOptionsAndShowsDefaultsOfDefaultRecipe() {
        String help = call("train", "--help").out();
        assertThat(help)
                .containsSubsequence(
                        "Data:", "--data=", "--image-size=", "--on-bad=", "Model:", "--model=", "--init=", "--new-head")
                .containsSubsequence(
                        "--new-head", "Optimisation:", "--epochs=", "--batch-size=", "--lr=", "--seed=", "Run:");
        assertThat(help.substring(help.indexOf("Run:")))
                .contains("--recipe=", "--set=", "--threads=", "--precision=", "--engine=", "--device=")
                .contains("--out=", "--resume=", "--help", "--version", "Examples:");
        Recipe defaults = Recipe.defaults();
        assertThat(help.replaceAll("\\s+", " "))
                .contains("passes over the training set (default: "
                        + defaults.train().epochs() + ")")
                .contains("images per batch (default: " + defaults.data().batchSize() + ")")
                .contains("largest one (default: " + defaults.train().lr() + ")")
                .contains("augmentation (default: " + defaults.train().seed() + ")")
                .contains("fused engine (default: " + defaults.train().precision() + ")")
                .contains("supported (default: " + defaults.train().engine() + ")")
                .contains("otherwise cpu (default: " + defaults.train().device() + ")")
                .contains("skipped.csv (default: " + defaults.data().onBad() + ")")
                .contains("images (default: " + defaults.data().path() + ")")
                .contains("resnet50v2 (default: " + defaults.model().name() + ")");
    }

    @Test
    void lastOfRepeatedOptionsWinsAndOtherOptionsStay() {
        Path out = root.resolve("r");
        call("train", "--batch-size", "0", "--epochs", "1", "--epochs", "2", "--out", out)
                .fails(2, "data.batchSize", "got 0");
        call("train", "--epochs", "1", "--batch-size", "2", "--epochs", "0", "--out", out)
                .fails(2, "train.epochs", "got 0");
        assertThat(out).doesNotExist();
    }

    @Test
    void compareTrainsBenchmarksInChildProcessAndResumes() throws Exception {
        Object[] command = Stream.concat(
                        Stream.of("compare", "--data", images, "--models", "resdensenet", "--recipes", "common"),
                        Stream.concat(
                                Stream.of("--seeds", "1", "--fusions", "both,none", "--out", root.resolve("c")),
                                Arrays.stream(SMALL)))
                .toArray();
        Result result = call(command);
        assertThat(result.status()).as(result.err()).isZero();
        assertThat(result.out()).contains(root.resolve("c/compare.md").toString());
        assertThat(result.err())
                .contains("1/2 training resdensenet-common-0", "Epoch: 2, ", "2/2 timing resdensenet-none");
        JsonNode row = JsonMapper.shared()
                .readTree(Files.readString(root.resolve("c/compare.json")))
                .get("rows")
                .get(1);
        assertThat(row.get("peak_rss_mb").asInt()).isGreaterThan(50);
        assertThat(row.get("train_images_per_second").asDouble()).isPositive();
        assertThat(call(command).err()).doesNotContain("Epoch");
        command[command.length - 1] = "3";
        call(command).fails(2, "--epochs 2 -> 3", "choose another --out");
        call("compare", "--models", "vgg").fails(2, "--models must be distinct values of", "vgg");
        call("compare", "--folds", "1").fails(2, "--folds must be 0, or 2 to 100, got 1");
        call("compare", "--epochs", "0").fails(2, "--epochs must be positive, got 0");
    }

    @Test
    void crossvalTrainsFoldsAndResumes() throws Exception {
        Path out = root.resolve("cv");
        List<Object> command = new ArrayList<>(List.of("crossval", "--data", images, "--folds", "2", "--out", out));
        command.addAll(List.of(SMALL));
        Result result = call(command.toArray());
        assertThat(result.status()).as(result.err()).isZero();
        assertThat(result.out())
                .contains("Accuracy: ", "95% interval", "from 24 predictions", out.resolve("crossval.html") + "\n");
        assertThat(result.err()).contains("1/2 training fold-0", "Epoch: 2, ", "2/2 training fold-1");
        JsonNode json = JsonMapper.shared().readTree(Files.readString(out.resolve("crossval.json")));
        assertThat(json.get("per_fold")).hasSize(2);
        Result again = call(command.toArray());
        assertThat(again.err()).doesNotContain("Epoch");
        assertThat(again.out()).isEqualTo(result.out());
        assertThat(call("crossval", "--recipe", out.resolve("recipe.yaml"), "--out", out)
                        .out())
                .isEqualTo(result.out());
        command.set(command.size() - 1, "3");
        call(command.toArray()).fails(2, "train.epochs 2 -> 3", "choose another --out");
        call("crossval", "--folds", "1").fails(2, "--folds must be 2 to 100, got 1");
        Result tooMany = call("crossval", "--data", images, "--folds", "13", "--out", root.resolve("x"));
        assertThat(tooMany.status()).isEqualTo(2);
        assertThat(tooMany.err())
                .contains("resdensenet: " + images.resolve("day") + ": 12 images are too few for 13 folds");
        call("crossval", "--recipe", "seed").fails(2, "data.stratified must be true where data.folds is not 0");
        call("crossval", "--resume", out)
                .fails(2, "crossval has no --resume", "repeat the command with the same --out");
        call("crossval", "--nproc=2").fails(2, "crossval trains in one process; remove --nproc");
        assertThat(root.resolve("x")).doesNotExist();
        assertThat(call("crossval", "--help").out())
                .contains("--folds=K", "--init=", "--new-head")
                .doesNotContain("--resume", "--nproc");
    }

    @Test
    void invalidUsageIsOneLineWithExitCode2() {
        call("train", "--bogus").fails(2, "--bogus", "train --help");
        call("nonsense").fails(2, "nonsense");
        call("train", "--epochs", "0", "--out", root.resolve("r")).fails(2, "train.epochs must be 1 to 100000, got 0");
        call("train", "--batch-size", "0", "--out", root.resolve("r"))
                .fails(2, "data.batchSize must be 1 to 4096, got 0");
        call("train", "--set", "train.epohcs=1", "--out", root.resolve("r"))
                .fails(2, "unknown recipe key train.epohcs");
        call("train", "--set", "train.lr", "--out", root.resolve("r"))
                .fails(2, "--set must be key=value, got train.lr");
        call("train", "--lr", "fast", "--out", root.resolve("r")).fails(2, "train.lr must be a number, got \"fast\"");
        call("train", "--model", "vgg", "--out", root.resolve("r")).fails(2, "model.name must be one of", "vgg");
        call("train", "--recipe", root.resolve("no.yaml")).fails(1, "no.yaml: no such file");
        call("train", "--device", "cuda", "--data", images, "--out", root.resolve("r"))
                .fails(2, "no CUDA device");
        call("train", "--resume", run, "--lr", "0.1").fails(2, "--resume takes its settings from the run; remove --lr");
        call("evaluate", run, "--split", "half").fails(2, "--split must be one of", "half");
        call("summary", "--image-size", "20").fails(2, "imageSize must be at least 29", "got 20");
        call("summary", "--model", "densenet121", "--set", "model.growthRate=12")
                .fails(2, "model.growthRate must be left at 32 for densenet121");
        call("summary", "--model", "resnet50v2", "--image-size", "31").fails(2, "imageSize must be at least 32");
        call("summary", "--num-classes", "0").fails(2, "numClasses must be positive, got 0");
        assertThat(root.resolve("r")).doesNotExist();
    }

    @Test
    void invalidDataIsOneLineThatNamesThePath() throws Exception {
        Path out = root.resolve("out");
        train(root.resolve("none"), out).fails(1, "none", "no such folder");
        Path data = Files.createDirectories(root.resolve("data"));
        train(data, out).fails(1, data.toString(), "no class folders inside");
        TestImages.folder(data, 12, 20, "a");
        train(data, out).fails(1, data.toString(), "at least 2 class folders", "[a]");
        Path empty = Files.createDirectories(data.resolve("b"));
        train(data, out).fails(1, "class folders without images", empty.toString());
        TestImages.folder(data, 2, 20, "b");
        train(data, out).fails(2, empty + ": 2 images are too few for the split");
        TestImages.folder(data, 12, 20, "b");
        train(data, out, "--set", "model.blockConfig=[1,1,1,1]", "--image-size", "20")
                .fails(2, "data.imageSize must be at least 29");
        train(data, out, "--image-size", "5", "--batch-size", "15").fails(2, "data.batchSize 15 leaves 1 image");
        byte[] png = Files.readAllBytes(data.resolve("a/003.png"));
        Files.write(data.resolve("a/003.png"), Arrays.copyOf(png, png.length - 20));
        train(data, out).fails(1, data.resolve("a/003.png") + ": truncated");
        Files.writeString(data.resolve("a/003.png"), "text");
        train(data, out).fails(1, data.resolve("a/003.png") + ": not an image in a supported format");
        assertThat(out).doesNotExist();
        train(images, run).fails(1, run + ": already exists; choose another --out");
        try (Stream<Path> left = Files.list(root)) {
            assertThat(left).containsExactly(data);
        }
    }

    @Test
    void invalidRunFolderIsOneLine() throws Exception {
        for (String command : List.of("evaluate", "plot", "report")) {
            call(command, root.resolve("none")).fails(1, "none: no such run folder");
            call(command, images).fails(1, images + ": not a run folder");
        }
        call("predict", images, images.resolve("day/000.png")).fails(1, images + ": not a run folder");
        Path copy = root.resolve("copy");
        copy(run, copy);
        Path weights = copy.resolve("checkpoints/best/weights.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length / 2] ^= 1;
        Files.write(weights, bytes);
        call("evaluate", copy).fails(1, weights + ": corrupt, its SHA-256");
        Files.writeString(copy.resolve("checkpoints/best/manifest.json"), "{}");
        call("evaluate", copy).fails(1, "manifest.json: not a checkpoint manifest");
        Path other = TestImages.folder(root.resolve("other"), 3, 20, "day", "dusk");
        call("evaluate", run, "--data", other).fails(1, "missing [night]", "unexpected [dusk]");
    }

    private static void copy(Path from, Path to) throws Exception {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file)));
            }
        }
    }

    @Test
    void progressIsBarOnTerminalAndSilentInPipe() {
        StringWriter bar = new StringWriter();
        Progress progress = new Progress(new PrintWriter(bar), true);
        progress.show("Reading", 10, 10, "");
        progress.clear();
        assertThat(bar.toString()).startsWith("\r").contains("10/10").endsWith("\r");
        StringWriter plain = new StringWriter();
        new Progress(new PrintWriter(plain), false).show("Reading", 10, 10, "");
        assertThat(plain.toString()).isEmpty();
        assertThat(Progress.time(59.6)).isEqualTo("1:00");
        assertThat(Progress.time(3725)).isEqualTo("1:02:05");
    }
}
