package io.github.resdensenet.cli;

import io.github.resdensenet.compare.Comparison;
import io.github.resdensenet.compare.ComparisonOptions;
import io.github.resdensenet.data.BuiltInData;
import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.util.Choices;
import io.github.resdensenet.util.Text;
import java.nio.file.Path;
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
        description = {
            "Trains several models with several seeds and compares them with statistical tests.",
            "To resume an interrupted comparison, repeat the command with the same --out."
        },
        abbreviateSynopsis = true,
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet compare --out runs/all           compare on the built-in images",
            "  resdensenet compare --data photos --seeds 5  compare on your own images"
        })
final class CompareCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "image folder with one subfolder per class, or fashion3 for the built-in images"
                    + " (default: fashion3)")
    private String data = BuiltInData.FASHION3;

    @Option(
            names = "--models",
            paramLabel = "M,...",
            split = ",",
            hideParamSyntax = true,
            description = "architectures to compare (default: resdensenet,densenet121,resnet50v2)")
    private List<String> models = Choices.labels(Architecture.class);

    @Option(
            names = "--recipes",
            paramLabel = "own,common",
            split = ",",
            hideParamSyntax = true,
            description = {
                "recipes to train each model with (default: own,common)",
                "own: each model's own settings, as train --recipe default",
                "common: the same settings for every model, as train --recipe common"
            })
    private List<String> recipes = ComparisonOptions.RECIPES;

    @Option(
            names = "--fusions",
            paramLabel = "F,...",
            split = ",",
            hideParamSyntax = true,
            description = {
                "variants of resdensenet, which combine feature maps in different ways (default: both)",
                "both: concatenation inside each block, addition around it",
                "concat: concatenation inside each block, no addition",
                "add: addition around each layer and each block, no concatenation",
                "none: no concatenation and no addition",
                "stacked: as both, but with several small blocks per stage"
            })
    private List<String> fusions = List.of("both");

    @Option(names = "--seeds", paramLabel = "N", description = "number of seeds per model and recipe (default: 3)")
    private int seeds = 3;

    @Option(
            names = "--folds",
            paramLabel = "K",
            description = "cross-validate each seed with K folds, so that every image is a test image once (default: 0,"
                    + " one test set per seed)")
    private int folds;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "passes over the training set (default: 10, as in the recipes own and common)")
    private @Nullable Integer epochs;

    @Option(
            names = "--image-size",
            paramLabel = "N",
            description = "image height and width in pixels (default: 64 for fashion3, otherwise a size that"
                    + " fits the images)")
    private int imageSize;

    @Option(
            names = "--margin",
            paramLabel = "P",
            description = "also test whether models are equivalent, that is, differ by less than P percentage points of"
                    + " accuracy, for example 0.5 (default: 0, no test)")
    private double margin;

    @Option(
            names = "--set",
            paramLabel = "key=value",
            description = "set one key of every recipe, e.g. train.precision=bf16; model.* applies to resdensenet only;"
                    + " repeatable (default: none)")
    private List<String> set = new ArrayList<>();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "folder to create, or to resume in (default: runs/compare-<time>)")
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
                folds,
                epochs == null ? 0 : epochs,
                imageSize,
                RecipeOptions.changes(set),
                margin);
        Path folder = out != null ? out : NewFolder.of("compare");
        Comparison comparison = new Comparison(
                options,
                folder,
                new ChildBench(),
                new TaskConsole(spec.commandLine().getErr()));
        Signals.onNext(comparison::stop);
        comparison.run();
        for (String file :
                List.of("compare.md", "compare.csv", "compare.json", "compare.html", "curves.svg", "curves.png")) {
            spec.commandLine().getOut().println(Text.printable(folder.resolve(file)));
        }
        return 0;
    }
}
