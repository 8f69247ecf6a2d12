package io.github.resdensenet.cli;

import io.github.resdensenet.compare.Comparison;
import io.github.resdensenet.compare.ComparisonListener;
import io.github.resdensenet.compare.ComparisonOptions;
import io.github.resdensenet.data.BuiltInData;
import io.github.resdensenet.eval.Decimal;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.train.EpochMetrics;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description =
                "Trains several models over several seeds and writes what sets them apart; the same command goes on"
                        + " after a stop.")
final class CompareCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "image folder with one folder a class, or fashion3 for the built-in set (default)")
    private String data = BuiltInData.FASHION3;

    @Option(names = "--models", paramLabel = "a,b,c", split = ",", description = "architectures (default: all)")
    private List<String> models = ModelConfig.NAMES;

    @Option(
            names = "--recipes",
            paramLabel = "own,common",
            split = ",",
            description = "each model's own training, the same training for all, or both (default)")
    private List<String> recipes = ComparisonOptions.RECIPES;

    @Option(
            names = "--fusions",
            paramLabel = "both,concat,add,none,stacked",
            split = ",",
            description = "fusions of resdensenet (default: both, which is the article's concat and add)")
    private List<String> fusions = List.of("both");

    @Option(names = "--seeds", paramLabel = "N", description = "trainings of each model (default: 3)")
    private int seeds = 3;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "passes over the training pictures (default: the recipes')")
    private @Nullable Integer epochs;

    @Option(names = "--image-size", paramLabel = "N", description = "height and width in pixels")
    private int imageSize;

    @Option(
            names = "--set",
            paramLabel = "key=value",
            description =
                    "changes one key of every recipe, for instance train.precision=bf16; model.* of resdensenet only")
    private List<String> set = new ArrayList<>();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "folder to make or to go on in (default: runs/compare-<time>)")
    private @Nullable Path out;

    @Override
    public Integer call() throws Exception {
        if (epochs != null && epochs < 1) {
            throw new IllegalArgumentException("--epochs must be positive, got " + epochs);
        }
        ComparisonOptions options = new ComparisonOptions(
                data,
                models,
                recipes,
                fusions,
                seeds,
                epochs == null ? 0 : epochs,
                imageSize,
                RecipeOptions.changes(set));
        String time = LocalDateTime.now(ZoneId.systemDefault()).format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
        Path folder = out != null ? out : Path.of("runs", "compare-" + time);
        Comparison comparison = new Comparison(options, folder, new ChildBench(), new Console());
        Signals.onNext(comparison::stop);
        comparison.run();
        for (String file :
                List.of("compare.md", "compare.csv", "compare.json", "compare.html", "curves.svg", "curves.png")) {
            spec.commandLine().getOut().println(folder.resolve(file));
        }
        return 0;
    }

    /** Says on stderr what is under way. */
    private final class Console implements ComparisonListener {
        private final Progress progress = new Progress(spec.commandLine().getErr());
        private String doing = "";

        @Override
        public void begin(String what, int number, int of) {
            doing = number + "/" + of + " " + what;
            say(doing);
        }

        private void say(String line) {
            progress.clear();
            spec.commandLine().getErr().println(line);
        }

        @Override
        public void step(int epoch, int epochs, int step, int steps, double loss, double imagesPerSecond) {
            progress.show(
                    "%s, epoch %d/%d".formatted(doing, epoch, epochs),
                    step,
                    steps,
                    "loss %s  %s images/s".formatted(Decimal.fixed(loss, 3), Decimal.fixed(imagesPerSecond, 0)));
        }

        @Override
        public void epoch(EpochMetrics metrics) {
            say(metrics.line());
        }
    }
}
