package io.github.resdensenet.cli;

import io.github.resdensenet.checkpoint.AtomicFiles;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.eval.Abstention;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.EvaluationText;
import io.github.resdensenet.train.RunEvaluator;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Judges a run's best model on the pictures that the run split, or on another folder.")
final class EvaluateCommand implements Callable<Integer> {
    private static final List<String> SPLITS = List.of("train", "val", "test", "all");

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "run folder")
    private Path run = Path.of("");

    @Option(
            names = "--split",
            paramLabel = "train|val|test|all",
            description = "part of the run's pictures (default: test, or all pictures of --data)")
    private @Nullable String split;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "other pictures with the same class folders; with --split: where the run's pictures are now")
    private @Nullable Path data;

    @Option(names = "--allow-trained", description = "count pictures of --data that the run trained on")
    private boolean allowTrained;

    @Option(
            names = "--precision-target",
            paramLabel = "P",
            description =
                    "say from which confidence on answers are right with this share, as chosen on the val pictures")
    private @Nullable Double precisionTarget;

    @Option(
            names = "--predictions",
            paramLabel = "FILE.csv",
            description = "write path, true and predicted class and each class's probability, a line a picture")
    private @Nullable Path predictions;

    @Option(names = "--json", description = "print one JSON object on one line")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        if (split != null && !SPLITS.contains(split)) {
            throw new IllegalArgumentException("--split must be one of " + SPLITS + ", got " + split);
        }
        if (precisionTarget != null && !(precisionTarget > 0 && precisionTarget <= 1)) {
            throw new IllegalArgumentException("--precision-target must be above 0 to 1, got " + precisionTarget);
        }
        Progress progress = new Progress(spec.commandLine().getErr());
        BiConsumer<Integer, Integer> bar = (done, total) -> progress.show("Evaluating", done, total, "");
        RunEvaluator evaluator = new RunEvaluator(Run.open(run));
        String part = split != null ? split : data == null ? "test" : "all";
        Evaluation val = precisionTarget == null ? null : evaluator.evaluateSplit(Part.VAL, moved(), bar);
        Evaluation evaluation = data != null && split == null
                ? evaluator.evaluateFolder(data, allowTrained, bar)
                : val != null && part.equals("val")
                        ? val
                        : evaluator.evaluateSplit(
                                Arrays.stream(Part.values())
                                        .filter(p -> p.label().equals(part))
                                        .findFirst()
                                        .orElse(null),
                                moved(),
                                bar);
        progress.clear();
        if (predictions != null) {
            AtomicFiles.write(predictions, EvaluationText.csv(evaluation));
        }
        print(evaluator, evaluation, part, val);
        return 0;
    }

    /** Where the run's pictures are now, if not where they were. */
    private @Nullable Path moved() {
        return split == null ? null : data;
    }

    private void print(RunEvaluator evaluator, Evaluation evaluation, String part, @Nullable Evaluation val) {
        PrintWriter out = spec.commandLine().getOut();
        Map<String, Object> fields = new LinkedHashMap<>(EvaluationText.json(evaluation, part));
        List<String> lines = new ArrayList<>(EvaluationText.lines(evaluation, evaluator.modelTitle(), part));
        if (val != null && precisionTarget != null) {
            Optional<Abstention> abstention = Abstention.reaching(val, precisionTarget);
            fields.put("abstention", EvaluationText.json(abstention, precisionTarget, evaluation, part));
            lines.addAll(EvaluationText.lines(abstention, precisionTarget, evaluation, part));
        }
        evaluator.testLooks().ifPresent(looks -> fields.put("test_looks", looks));
        if (!evaluator.testLooksInWords().isEmpty()) {
            lines.add(evaluator.testLooksInWords());
        }
        if (json) {
            out.println(Json.line(fields));
        } else {
            lines.forEach(out::println);
        }
    }
}
