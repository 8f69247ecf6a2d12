package io.github.resdensenet.cli;

import io.github.resdensenet.data.ImageFolder;
import io.github.resdensenet.eval.Temperature;
import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.predict.PredictionJson;
import io.github.resdensenet.transforms.TestTimeAugmentation;
import io.github.resdensenet.util.Choices;
import io.github.resdensenet.util.Decimal;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "predict",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {"Classifies images.", "Unreadable images are reported and skipped; the exit status is then 1."},
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet predict runs/photos cat.jpg        classify one image",
            "  resdensenet predict runs/photos new --top-k 1  classify a folder of images"
        })
final class PredictCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "run folder")
    private Path run = Path.of("");

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "IMAGE|DIR", description = "images or folders of images")
    private List<Path> inputs = new ArrayList<>();

    @Option(
            names = "--top-k",
            paramLabel = "N",
            description = "number of most probable classes to print (default: all)")
    private int topK = Integer.MAX_VALUE;

    @Option(
            names = "--abstain-below",
            paramLabel = "T",
            description = "print \"abstain\" instead of the predicted class if its calibrated probability is below the"
                    + " threshold T (0 to 1). evaluate --precision-target finds T (default: never)")
    private @Nullable Double abstainBelow;

    @Option(
            names = "--raw",
            description = "print uncalibrated probabilities and the logits (default: calibrated probabilities)")
    private boolean raw;

    @Option(
            names = "--tta",
            paramLabel = EvaluateCommand.TTA_VALUES,
            description =
                    "test-time augmentation: average the logits of several views per image. flip: the image and its"
                            + " mirror image; crops: ten crops (default: none)")
    private String tta = TestTimeAugmentation.NONE.toString();

    @Mixin
    private PrecisionOption precision = new PrecisionOption();

    @Option(names = "--json", description = "print one JSON object per image, each on one line (default: text)")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        if (topK < 1) {
            throw new IllegalArgumentException("--top-k must be positive, got " + topK);
        }
        if (abstainBelow != null) {
            PredictionJson.requireThreshold("--abstain-below", abstainBelow);
        }
        PredictionJson form = new PredictionJson(topK, raw, Optional.ofNullable(abstainBelow));
        TestTimeAugmentation augmentation = Choices.parse(TestTimeAugmentation.class, "--tta", tta);
        int failed = 0;
        try (Classifier classifier = Classifier.load(run, precision.value())) {
            precision.say(classifier.precision(), spec.commandLine().getErr());
            Map<String, Object> settings = new LinkedHashMap<>();
            if (augmentation != TestTimeAugmentation.NONE) {
                settings.put("tta", augmentation.toString());
            }
            if (precision.value() != InferencePrecision.FP32) {
                settings.put("precision", classifier.precision());
            }
            for (Path input : inputs) {
                List<Path> images;
                try {
                    images = images(input);
                } catch (IOException e) {
                    failed++;
                    report(input, e);
                    continue;
                }
                for (Path image : images) {
                    try {
                        Prediction prediction = classifier.classify(image, augmentation);
                        print(image, prediction, classifier.temperature(), form, settings);
                    } catch (IOException e) {
                        failed++;
                        report(image, e);
                    }
                }
            }
        }
        return failed == 0 ? 0 : 1;
    }

    private static List<Path> images(Path input) throws IOException {
        if (!Files.isDirectory(input)) {
            return List.of(input);
        }
        List<Path> images = ImageFolder.images(input);
        if (images.isEmpty()) {
            throw new NoSuchFileException(input.toString(), null, "no images in this folder");
        }
        return images;
    }

    private void print(
            Path image,
            Prediction calibrated,
            Temperature temperature,
            PredictionJson form,
            Map<String, Object> settings) {
        if (json) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("file", image.toString());
            fields.putAll(form.fields(calibrated, temperature));
            fields.putAll(settings);
            spec.commandLine().getOut().println(Json.line(fields));
            return;
        }
        Prediction p = form.shown(calibrated);
        StringBuilder line = new StringBuilder(Text.printable(image + ": " + form.label(calibrated)) + " (");
        String separator = "";
        for (int c : form.ranking(calibrated)) {
            line.append(separator)
                    .append(Text.printable(p.classes().get(c)))
                    .append(' ')
                    .append(Decimal.percent(p.probabilities().get(c)))
                    .append('%')
                    .append(raw ? " logit " + Decimal.fixed(p.logits().get(c), 4) : "");
            separator = ", ";
        }
        spec.commandLine().getOut().println(line.append(')'));
    }

    private void report(Path image, IOException error) {
        String reason = error instanceof NoSuchFileException e && e.getReason() == null
                ? image + ": no such file"
                : Main.message(error);
        if (json) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("file", image.toString());
            fields.put("error", reason);
            spec.commandLine().getOut().println(Json.line(fields));
        } else {
            spec.commandLine().getErr().println("resdensenet: " + Text.printable(reason));
        }
    }
}
