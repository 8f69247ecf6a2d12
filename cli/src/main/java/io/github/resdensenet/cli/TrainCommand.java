package io.github.resdensenet.cli;

import io.github.resdensenet.distributed.LostProcessException;
import io.github.resdensenet.distributed.ProcessGroup;
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
import java.util.ArrayList;
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

    @Mixin
    private ProcessOptions processes = new ProcessOptions();

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "image folder with one subfolder per class, or fashion3 for the built-in images"
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
                    "run folder to resume from its newest checkpoint; only --epochs, as the new total, and the options"
                            + " for several processes are allowed with it (default: start a new run)")
    private @Nullable Path resume;

    @Override
    public Integer call() throws Exception {
        if (resume != null) {
            checkResumeOptions();
        }
        if (processes.isLauncher()) {
            return launch();
        }
        try (ProcessGroup group = processes.connect()) {
            if (group.rank() > 0) {
                join(group);
                return 0;
            }
            Run run = resume == null ? start(group) : trainer(group).resume(resume, options.epochs());
            Path report = run.file("report.html");
            if (Files.exists(report)) {
                spec.commandLine().getOut().println("Report: " + report);
            }
            spec.commandLine().getOut().println("Done: " + run.folder());
            return 0;
        }
    }

    private Run start(ProcessGroup group) throws IOException {
        Recipe recipe = options.resolve(data, imageSize);
        Path folder = folder(recipe);
        try {
            return trainer(group).train(recipe, folder, init, newHead);
        } catch (LostProcessException e) {
            if (Launcher.isChild() || !Files.exists(folder)) {
                throw e;
            }
            throw new LostProcessException(
                    e.getMessage()
                            + "; to continue, start all processes again, rank 0 with: resdensenet train --resume "
                            + folder + " --rendezvous env",
                    e);
        }
    }

    private Path folder(Recipe recipe) {
        String time = LocalDateTime.now(ZoneId.systemDefault()).format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
        return out != null ? out : Path.of("runs", recipe.model().name() + "-" + time);
    }

    private void checkResumeOptions() {
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            String name = option.longestName();
            if (!List.of("--resume", "--epochs").contains(name) && !ProcessOptions.NAMES.contains(name)) {
                throw new IllegalArgumentException(
                        "only --epochs and the options for several processes are allowed with --resume; remove "
                                + name);
            }
        }
    }

    /** Starts the processes with the same command line. */
    private int launch() throws IOException {
        List<String> arguments =
                new ArrayList<>(spec.root().commandLine().getParseResult().originalArgs());
        Path run = resume;
        List<String> again = arguments;
        if (run == null) {
            run = folder(options.resolve(data, imageSize));
            Run.checkFree(run);
            arguments.addAll(List.of("--out", run.toString()));
            again = List.of("train", "--resume", run.toString());
        }
        return processes
                .launcher()
                .run(
                        arguments,
                        again,
                        run,
                        spec.commandLine().getOut(),
                        spec.commandLine().getErr());
    }

    private Trainer trainer(ProcessGroup group) {
        Trainer trainer = new Trainer(new Console(), group);
        Signals.onNext(trainer::stop);
        return trainer;
    }

    private void join(ProcessGroup group) throws IOException {
        spec.commandLine().getOut().println("Rank " + group.rank() + " of " + group.size() + ": training with rank 0");
        Signals.onNext(group::requestStop);
        Trainer.join(new TrainListener() {}, group);
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
