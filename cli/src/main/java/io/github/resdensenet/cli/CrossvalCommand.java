package io.github.resdensenet.cli;

import io.github.resdensenet.compare.CrossValidation;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.Interval;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.util.Decimal;
import io.github.resdensenet.util.Text;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "crossval",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {
            "Cross-validation: trains one model per fold and evaluates every image with the model that was not trained on"
                    + " it.",
            "To resume an interrupted cross-validation, repeat the command with the same --out.",
            "The defaults below are those of recipe default. Other recipes may set other values; recipe seed also needs"
                    + " --set data.stratified=true."
        },
        abbreviateSynopsis = true,
        sortOptions = false,
        modelTransformer = OptionGroups.class,
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet crossval --data photos             5 folds",
            "  resdensenet crossval --data photos --folds 10  10 folds"
        })
final class CrossvalCommand implements Callable<Integer> {
    private static final int DEFAULT_FOLDS = 5;

    /** Options of train that this command does not have. */
    private static final List<String> UNSUPPORTED =
            List.of("--resume", "--nproc", "--max-restarts", "--rendezvous", "--timeout-s");

    @Spec
    private CommandSpec spec;

    @Mixin
    private StartOptions start = new StartOptions();

    @Option(
            names = "--folds",
            paramLabel = "K",
            description =
                    "number of folds, each of which is the test set of one model (default: data.folds of the recipe,"
                            + " or 5)")
    private @Nullable Integer folds;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "folder to create, or to resume in (default: runs/crossval-<time>)")
    private @Nullable Path out;

    @Option(
            names = {"--resume", "--nproc", "--max-restarts", "--rendezvous", "--timeout-s"},
            hidden = true,
            description = "options of train that are rejected here")
    private @Nullable String unsupported;

    @Override
    public Integer call() throws Exception {
        checkUnsupported();
        if (folds != null && folds < 2) {
            throw new IllegalArgumentException("--folds must be 2 to 100, got " + folds);
        }
        Recipe read = start.recipe();
        int number =
                folds != null ? folds : read.data().folds() > 0 ? read.data().folds() : DEFAULT_FOLDS;
        Recipe folded = read.with("data.fold", "0").with("data.folds", Integer.toString(number));
        Path folder = out != null ? out : NewFolder.of("crossval");
        CrossValidation validation = new CrossValidation(
                folded,
                start.init(),
                start.newHead(),
                folder,
                new TaskConsole(spec.commandLine().getErr()));
        Signals.onNext(validation::stop);
        print(validation.run(), folder);
        return 0;
    }

    private void checkUnsupported() {
        if (unsupported != null) {
            String name = spec.commandLine().getParseResult().originalArgs().stream()
                    .map(argument -> argument.replaceFirst("=.*", ""))
                    .filter(UNSUPPORTED::contains)
                    .findFirst()
                    .orElse("--resume");
            throw new IllegalArgumentException(
                    name.equals("--resume")
                            ? "crossval has no --resume; to resume, repeat the command with the same --out"
                            : "crossval trains in one process; remove " + name);
        }
    }

    private void print(Evaluation evaluation, Path folder) {
        PrintWriter console = spec.commandLine().getOut();
        String interval = evaluation
                .metric("accuracy")
                .ci95()
                .map(CrossvalCommand::percent)
                .orElse("");
        console.println("Accuracy: " + Decimal.percent(evaluation.accuracy()) + "%" + interval + ", from "
                + evaluation.n() + " predictions");
        for (String file : List.of("crossval.html", "crossval.json", "predictions.csv", "folds.csv")) {
            console.println(Text.printable(folder.resolve(file)));
        }
    }

    private static String percent(Interval interval) {
        return ", 95% interval " + Decimal.percent(interval.low()) + "% to " + Decimal.percent(interval.high()) + "%";
    }
}
