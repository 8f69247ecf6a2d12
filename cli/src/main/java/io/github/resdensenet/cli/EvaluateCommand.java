package io.github.resdensenet.cli;

import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.EvaluationText;
import io.github.resdensenet.train.RunEvaluator;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
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

    @Option(names = "--json", description = "print one JSON object on one line")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        if (split != null && !SPLITS.contains(split)) {
            throw new IllegalArgumentException("--split must be one of " + SPLITS + ", got " + split);
        }
        PrintWriter out = spec.commandLine().getOut();
        Progress progress = new Progress(spec.commandLine().getErr());
        RunEvaluator evaluator = new RunEvaluator(Run.open(run));
        String part = split != null ? split : data == null ? "test" : "all";
        Evaluation evaluation = data != null && split == null
                ? evaluator.evaluateFolder(
                        data, allowTrained, (done, total) -> progress.show("Evaluating", done, total, ""))
                : evaluator.evaluateSplit(
                        Arrays.stream(Part.values())
                                .filter(p -> p.label().equals(part))
                                .findFirst()
                                .orElse(null),
                        data,
                        (done, total) -> progress.show("Evaluating", done, total, ""));
        progress.clear();
        if (json) {
            out.println(Json.line(EvaluationText.json(evaluation, part)));
        } else {
            EvaluationText.lines(evaluation, evaluator.modelTitle(), part).forEach(out::println);
        }
        return 0;
    }
}
