package io.github.resdensenet.cli;

import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;

/** Options of a command that trains: the recipe, the images, the initial weights and the run folder. */
public final class TrainOptions {
    @Mixin
    private StartOptions start = new StartOptions();

    @Option(names = "--out", paramLabel = "RUN", description = "run folder to create (default: runs/<model>-<time>)")
    private @Nullable Path out;

    @Option(
            names = "--resume",
            paramLabel = "RUN",
            description =
                    "run folder to resume from its newest checkpoint, with the settings of the run; only --epochs (the new"
                            + " total) and options for processes (train: also --threads) can be added (default: start a new"
                            + " run)")
    private @Nullable Path resume;

    /** The recipe with all options applied. */
    public Recipe recipe() throws IOException {
        return start.recipe();
    }

    /** The run folder to create. */
    public Path folder(Recipe resolved) {
        return out != null ? out : NewFolder.of(resolved.model().name().toString());
    }

    /** Whether the user chose the run folder. */
    boolean isFolderGiven() {
        return out != null;
    }

    /** Pretrained weights; null for random initialisation. */
    public @Nullable Path init() {
        return start.init();
    }

    /** Whether the head is initialised at random in spite of pretrained weights. */
    public boolean newHead() {
        return start.newHead();
    }

    /** The run to resume; null for a new run. */
    public @Nullable Path resume() {
        return resume;
    }

    /** The value of {@code --epochs}; 0 if it was not given. */
    public int epochs() {
        return start.epochs();
    }

    /** The recipe keys that change when a run is resumed. */
    Map<String, String> changes() {
        return start.changesOnResume();
    }

    /** Prints where the result of a training is. */
    public static void printResult(Run run, PrintWriter out) {
        Path report = run.file("report.html");
        if (Files.exists(report)) {
            out.println("Report: " + Text.printable(report));
        }
        out.println("Done: " + Text.printable(run.folder()));
    }

    /**
     * Checks that no option would be ignored by {@code --resume}.
     *
     * @param others allowed options besides --resume and --epochs
     * @throws IllegalArgumentException naming the first option that is not allowed
     */
    public void checkResumeOptions(ParseResult parsed, List<String> others) {
        if (resume == null) {
            return;
        }
        for (OptionSpec option : parsed.matchedOptions()) {
            String name = option.longestName();
            if (!List.of("--resume", "--epochs").contains(name) && !others.contains(name)) {
                throw new IllegalArgumentException("--resume takes its settings from the run; remove " + name);
            }
        }
    }
}
