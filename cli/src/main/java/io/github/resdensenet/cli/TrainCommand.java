package io.github.resdensenet.cli;

import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.train.TrainListener;
import io.github.resdensenet.train.Trainer;
import io.github.resdensenet.util.Decimal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {
            "Trains a model on an image folder and writes a run folder.",
            "The defaults below apply to every model and every built-in recipe. A YAML recipe may set other values."
        },
        abbreviateSynopsis = true,
        sortOptions = false,
        modelTransformer = OptionGroups.class,
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet train                            train on the built-in images",
            "  resdensenet train --data photos --epochs 20  train on your own images"
        })
final class TrainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RecipeOptions options = new RecipeOptions();

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "image folder with one subfolder per class, or fashion3 for the built-in set"
                    + " (default: fashion3)")
    private @Nullable Path data;

    @Option(
            names = "--image-size",
            paramLabel = "N",
            description = "image height and width in pixels (default: 64 for fashion3, otherwise 224)")
    private @Nullable String imageSize;

    @Option(
            names = "--init",
            paramLabel = "RUN|FILE.pth|FILE.safetensors|FILE.h5",
            description = "pretrained weights to start from (default: random initialisation)")
    private @Nullable Path init;

    @Option(
            names = "--new-head",
            description = "initialise the head at random instead of from --init, to train on other classes"
                    + " (default: load all layers)")
    private boolean newHead;

    @Option(names = "--out", paramLabel = "RUN", description = "run folder to create (default: runs/<model>-<time>)")
    private @Nullable Path out;

    @Option(
            names = "--resume",
            paramLabel = "RUN",
            description =
                    "run folder to resume from its newest checkpoint; only --epochs is allowed with it, as the new"
                            + " total (default: start a new run)")
    private @Nullable Path resume;

    @Override
    public Integer call() throws Exception {
        Run run = resume == null ? start() : resume(resume);
        Path report = run.file("report.html");
        if (Files.exists(report)) {
            spec.commandLine().getOut().println("Report: " + report);
        }
        spec.commandLine().getOut().println("Done: " + run.folder());
        return 0;
    }

    private Run start() throws IOException {
        Recipe recipe = options.resolve(data, imageSize);
        String time = LocalDateTime.now(ZoneId.systemDefault()).format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
        Path folder = out != null ? out : Path.of("runs", recipe.model().name() + "-" + time);
        return trainer().train(recipe, folder, init, newHead);
    }

    private Run resume(Path folder) throws IOException {
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            if (!List.of("--resume", "--epochs").contains(option.longestName())) {
                throw new IllegalArgumentException(
                        "--resume takes all settings except --epochs from the run; remove " + option.longestName());
            }
        }
        return trainer().resume(folder, options.epochs());
    }

    private Trainer trainer() {
        Trainer trainer = new Trainer(new Console());
        Signals.onNext(trainer::stop);
        return trainer;
    }

    /** Prints the log on stdout and a progress line on stderr. */
    private final class Console implements TrainListener {
        private final Progress progress = new Progress(spec.commandLine().getErr());
        private long firstStep;
        private long stepsTimed;

        @Override
        public void message(String line) {
            progress.clear();
            spec.commandLine().getOut().println(line);
        }

        @Override
        public void reading(int done, int total) {
            progress.show("Reading images", done, total, "");
        }

        @Override
        public void step(int epoch, int epochs, int step, int steps, double loss, double imagesPerSecond) {
            if (firstStep == 0) {
                firstStep = System.nanoTime();
            } else {
                stepsTimed++;
            }
            long stepsLeft = (long) (epochs - epoch + 1) * steps - step;
            double perStep = (System.nanoTime() - firstStep) / 1e9 / Math.max(1, stepsTimed);
            progress.show(
                    "Epoch %d/%d".formatted(epoch, epochs),
                    step,
                    steps,
                    "loss %s  %s images/s  %s left"
                            .formatted(
                                    Decimal.fixed(loss, 3),
                                    Decimal.fixed(imagesPerSecond, 0),
                                    stepsTimed < 1 ? "?" : Progress.time(perStep * stepsLeft)));
        }

        @Override
        public void evaluating(int done, int total) {
            progress.show("Evaluating", done, total, "");
        }
    }
}
