package io.github.resdensenet.cli;

import io.github.resdensenet.distributed.LostProcessException;
import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.train.TrainListener;
import io.github.resdensenet.train.Trainer;
import io.github.resdensenet.util.Decimal;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {
            "Trains a model on an image folder and writes a run folder.",
            "The defaults below are those of recipe default. Other recipes may set other values."
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
    private static final List<String> ALLOWED_WITH_RESUME =
            Stream.concat(Stream.of("--threads"), ProcessOptions.NAMES.stream()).toList();

    @Spec
    private CommandSpec spec;

    @Mixin
    private TrainOptions options = new TrainOptions();

    @Mixin
    private ProcessOptions processes = new ProcessOptions();

    @Override
    public Integer call() throws Exception {
        options.checkResumeOptions(spec.commandLine().getParseResult(), ALLOWED_WITH_RESUME);
        if (processes.isLauncher()) {
            return launch();
        }
        try (ProcessGroup group = processes.connect()) {
            if (group.rank() > 0) {
                join(group);
                return 0;
            }
            Path resumed = options.resume();
            Run run = resumed == null ? start(group) : resume(group, resumed);
            TrainOptions.printResult(run, spec.commandLine().getOut());
            return 0;
        }
    }

    private Run resume(ProcessGroup group, Path run) throws IOException {
        try {
            return trainer(group).resume(run, options.changes());
        } catch (CancellationException e) {
            StringBuilder again = new StringBuilder(run.toString());
            options.changes()
                    .forEach((key, value) -> again.append(key.equals("train.epochs") ? " --epochs " : " --threads ")
                            .append(value));
            throw stopped(e, run, again.toString());
        }
    }

    /** The exception with the command that continues, if the run has been created. */
    private static CancellationException stopped(CancellationException stop, Path run, String arguments) {
        if (!Files.isDirectory(run)) {
            return stop;
        }
        CancellationException advice =
                new CancellationException(stop.getMessage() + "; resume with: resdensenet train --resume " + arguments);
        advice.initCause(stop);
        return advice;
    }

    private Run start(ProcessGroup group) throws IOException {
        Recipe recipe = options.recipe();
        Path folder = options.folder(recipe);
        try {
            return start(group, recipe, folder);
        } catch (FileAlreadyExistsException e) {
            if (options.isFolderGiven() || group.size() > 1) {
                throw e;
            }
            // another training was started in the same second
            return start(group, recipe, NewFolder.free(folder));
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

    private Run start(ProcessGroup group, Recipe recipe, Path folder) throws IOException {
        try {
            return trainer(group).train(recipe, folder, options.init(), options.newHead());
        } catch (CancellationException e) {
            throw stopped(e, folder, folder.toString());
        }
    }

    /** Starts the processes with the same command line. */
    private int launch() throws IOException {
        List<String> arguments =
                new ArrayList<>(spec.root().commandLine().getParseResult().originalArgs());
        Path run = options.resume();
        List<String> again = arguments;
        if (run == null) {
            Recipe recipe = options.recipe();
            processes.check(recipe.train().shards());
            run = options.folder(recipe);
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
        private long firstBatch;
        private long batchesTimed;

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
        public void step(int epoch, int epochs, int batch, int batches, double loss, double imagesPerSecond) {
            if (firstBatch == 0) {
                firstBatch = System.nanoTime();
            } else {
                batchesTimed++;
            }
            long batchesLeft = (long) (epochs - epoch + 1) * batches - batch;
            double perBatch = (System.nanoTime() - firstBatch) / 1e9 / Math.max(1, batchesTimed);
            progress.show(
                    "Epoch %d/%d".formatted(epoch, epochs),
                    batch,
                    batches,
                    "loss %s  %s images/s  %s left"
                            .formatted(
                                    Decimal.fixed(loss, 3),
                                    Decimal.fixed(imagesPerSecond, 0),
                                    batchesTimed < 1 ? "?" : Progress.time(perBatch * batchesLeft)));
        }

        @Override
        public void evaluating(int done, int total) {
            progress.show("Evaluating", done, total, "");
        }
    }
}
