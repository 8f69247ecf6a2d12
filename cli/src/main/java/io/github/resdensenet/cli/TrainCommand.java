package io.github.resdensenet.cli;

import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.eval.Decimal;
import io.github.resdensenet.train.Recipe;
import io.github.resdensenet.train.TrainListener;
import io.github.resdensenet.train.Trainer;
import java.io.IOException;
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
        description = "Trains a network on an image folder and leaves a run folder.")
final class TrainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RecipeOptions options = new RecipeOptions();

    @Option(
            names = "--init",
            paramLabel = "RUN|FILE.pth|FILE.safetensors|FILE.h5",
            description = "weights to start from instead of random ones")
    private @Nullable Path init;

    @Option(names = "--new-head", description = "leave the last layer of --init out, for other classes")
    private boolean newHead;

    @Option(names = "--out", paramLabel = "RUN", description = "run folder to make (default: runs/<model>-<time>)")
    private @Nullable Path out;

    @Option(
            names = "--resume",
            paramLabel = "RUN",
            description = "go on with an unfinished run from its newest checkpoint; with --epochs N up to N epochs")
    private @Nullable Path resume;

    @Override
    public Integer call() throws Exception {
        Run run = resume == null ? begin() : goOn(resume);
        spec.commandLine().getOut().println("Done: " + run.folder());
        return 0;
    }

    private Run begin() throws IOException {
        Recipe recipe = options.resolve();
        String time = LocalDateTime.now(ZoneId.systemDefault()).format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
        Path folder = out != null ? out : Path.of("runs", recipe.model().name() + "-" + time);
        return trainer().train(recipe, folder, init, newHead);
    }

    private Run goOn(Path folder) throws IOException {
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            if (!List.of("--resume", "--epochs").contains(option.longestName())) {
                throw new IllegalArgumentException("--resume takes everything but --epochs from the run, so "
                        + option.longestName() + " cannot be given with it");
            }
        }
        return trainer().resume(folder, options.epochs());
    }

    private Trainer trainer() {
        Trainer trainer = new Trainer(new Console());
        Signals.onNext(trainer::stop);
        return trainer;
    }

    /** Prints what training says, with a bar for what takes long. */
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
            progress.show("Reading pictures", done, total, "");
        }

        @Override
        public void step(int epoch, int epochs, int step, int steps, double loss, double imagesPerSecond) {
            if (firstStep == 0) {
                firstStep = System.nanoTime();
            } else {
                stepsTimed++;
            }
            long left = (long) (epochs - epoch + 1) * steps - step;
            double perStep = (System.nanoTime() - firstStep) / 1e9 / Math.max(1, stepsTimed);
            progress.show(
                    "Epoch %d/%d".formatted(epoch, epochs),
                    step,
                    steps,
                    "loss %s  %s images/s  %s left"
                            .formatted(
                                    Decimal.fixed(loss, 3),
                                    Decimal.fixed(imagesPerSecond, 0),
                                    stepsTimed < 1 ? "?" : Progress.time(perStep * left)));
        }

        @Override
        public void evaluating(int done, int total) {
            progress.show("Evaluating", done, total, "");
        }
    }
}
