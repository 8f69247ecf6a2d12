package io.github.resdensenet.cli;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.eval.Abstention;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.RunEvaluation;
import io.github.resdensenet.eval.RunEvaluator;
import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.transforms.TestTimeAugmentation;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Choices;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Evaluates a run's best checkpoint on its test set, another subset or another image folder.",
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet evaluate runs/photos              evaluate on the test set",
            "  resdensenet evaluate runs/photos --split val  evaluate on the validation set"
        })
final class EvaluateCommand implements Callable<Integer> {
    static final String TTA_VALUES = "none|flip|crops";

    private static final List<String> SPLITS = List.of("train", "val", "test", "all");

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "run folder")
    private Path run = Path.of("");

    @Option(
            names = "--split",
            paramLabel = "train|val|test|all",
            description = "subset of the run's images to evaluate; val is the validation set (default: test, unless"
                    + " --data selects another folder)")
    private @Nullable String split;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description =
                    "without --split: another image folder to evaluate, with the same class subfolders; with --split:"
                            + " the new location of the run's own images (default: the run's images, where it was trained on them)")
    private @Nullable Path data;

    @Option(
            names = "--allow-trained",
            description = "also evaluate images of --data that are in the run's training set (default: fail on them)")
    private boolean allowTrained;

    @Option(
            names = "--precision-target",
            paramLabel = "P",
            description =
                    "find the lowest threshold T at which predictions on the validation set have a precision of at least P"
                            + " (above 0, at most 1). Only predictions with a calibrated probability of T or more count."
                            + " Pass T to predict --abstain-below (default: none)")
    private @Nullable Double precisionTarget;

    @Option(
            names = "--predictions",
            paramLabel = "FILE.csv",
            description = "write one line per image: path, true class, predicted class and the probability of each"
                    + " class (default: none)")
    private @Nullable Path predictions;

    @Option(
            names = "--tta",
            paramLabel = TTA_VALUES,
            description =
                    "test-time augmentation: average the logits of several views per image. flip: the image and its"
                            + " mirror image; crops: ten crops (default: none)")
    private String tta = TestTimeAugmentation.NONE.toString();

    @Mixin
    private PrecisionOption precision = new PrecisionOption();

    @Option(names = "--json", description = "print one JSON object on one line (default: text)")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        if (split != null && !SPLITS.contains(split)) {
            throw new IllegalArgumentException("--split must be one of " + SPLITS + ", got " + split);
        }
        if (precisionTarget != null && !(precisionTarget > 0 && precisionTarget <= 1)) {
            throw new IllegalArgumentException(
                    "--precision-target must be above 0 and at most 1, got " + precisionTarget);
        }
        if (predictions != null) {
            AtomicFiles.requireParent(predictions); // before the test set is evaluated
        }
        Progress progress = new Progress(spec.commandLine().getErr());
        BiConsumer<Integer, Integer> bar = (done, total) -> progress.show("Evaluating", done, total, "");
        TestTimeAugmentation augmentation = Choices.parse(TestTimeAugmentation.class, "--tta", tta);
        RunEvaluator evaluator = new RunEvaluator(Run.open(run))
                .withTestTimeAugmentation(augmentation)
                .withPrecision(precision.value());
        String subset = split != null ? split : data == null ? "test" : "all";
        RunEvaluation val = precisionTarget == null ? null : evaluator.evaluateSplit(Subset.VAL, moved(), bar);
        RunEvaluation evaluation = evaluate(evaluator, subset, val, bar);
        progress.clear();
        if (predictions != null) {
            AtomicFiles.write(predictions, evaluation.evaluation().csv());
        }
        print(evaluator.modelTitle(), augmentation, evaluation, subset, val);
        return 0;
    }

    private RunEvaluation evaluate(
            RunEvaluator evaluator, String subset, @Nullable RunEvaluation val, BiConsumer<Integer, Integer> bar)
            throws IOException {
        if (data != null && split == null) {
            return evaluator.evaluateFolder(data, allowTrained, bar);
        }
        if (val != null && subset.equals(Subset.VAL.label())) {
            return val;
        }
        for (Subset one : Subset.values()) {
            if (one.label().equals(subset)) {
                return evaluator.evaluateSplit(one, moved(), bar);
            }
        }
        return evaluator.evaluateAll(moved(), bar);
    }

    /** The new location of the run's images; null if they have not moved. */
    private @Nullable Path moved() {
        return split == null ? null : data;
    }

    private void print(
            String title,
            TestTimeAugmentation augmentation,
            RunEvaluation evaluated,
            String subset,
            @Nullable RunEvaluation val) {
        PrintWriter out = spec.commandLine().getOut();
        Evaluation evaluation = evaluated.evaluation();
        Map<String, Object> fields = new LinkedHashMap<>(evaluation.json(subset));
        List<String> lines = new ArrayList<>(evaluation.lines(title, subset));
        if (val != null && precisionTarget != null) {
            Optional<Abstention> abstention = Abstention.reaching(val.evaluation(), precisionTarget);
            fields.put("abstention", Abstention.json(abstention, precisionTarget, evaluation, subset));
            lines.addAll(Abstention.lines(abstention, precisionTarget, evaluation, subset));
        }
        if (precision.value() != InferencePrecision.FP32) {
            fields.put("precision", evaluated.precision());
            lines.add("Precision: " + evaluated.precision());
            if (precisionTarget != null) {
                lines.add("The threshold is for predict --precision " + precision.value() + ".");
            }
        }
        if (augmentation != TestTimeAugmentation.NONE) {
            fields.put("tta", augmentation.toString());
            lines.add("Test-time augmentation: " + augmentation + ", " + augmentation.count() + " views per image");
            if (precisionTarget != null) {
                lines.add("The threshold is for predict --tta " + augmentation + ".");
            }
        }
        evaluated.testEvaluations().ifPresent(n -> fields.put("test_looks", n));
        if (!evaluated.testEvaluationsInWords().isEmpty()) {
            lines.add(evaluated.testEvaluationsInWords());
        }
        if (json) {
            out.println(Json.line(fields));
        } else {
            lines.forEach(line -> out.println(Text.printable(line)));
        }
    }
}
