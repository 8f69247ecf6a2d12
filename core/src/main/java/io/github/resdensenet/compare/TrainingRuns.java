package io.github.resdensenet.compare;

import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.train.TrainListener;
import io.github.resdensenet.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** Several training runs in one folder. Finished runs are reused, and an interrupted one is resumed. */
final class TrainingRuns {
    private final Path folder;
    private final TrainListener listener;
    private volatile boolean stopping;
    private volatile @Nullable Trainer training;

    /**
     * Creates the runs of a folder.
     *
     * @param folder the value of {@code --out}; the run folders are in its subfolder {@code runs}
     * @param listener receives the progress of the current run
     */
    TrainingRuns(Path folder, TrainListener listener) {
        this.folder = folder;
        this.listener = listener;
    }

    /** Requests a stop after the current step. May be called from any thread. */
    void stop() {
        stopping = true;
        Trainer current = training;
        if (current != null) {
            current.stop();
        }
    }

    /** Throws if a stop was requested. */
    void checkStopped() {
        if (stopping) {
            throw new CancellationException("stopped; to resume, repeat the command with --out " + folder);
        }
    }

    /** The folder of a run. */
    Path folder(String name) {
        return folder.resolve("runs").resolve(name);
    }

    /**
     * Trains by a recipe, unless the run is finished.
     *
     * @param init pretrained weights; null for random initialisation
     * @param newHead whether the head keeps its random initialisation
     * @throws CheckpointException if the run was trained with another recipe
     */
    Run train(Recipe requested, String name, @Nullable Path init, boolean newHead) throws IOException {
        Recipe recipe = Trainer.withPrecision(requested);
        Path place = folder(name);
        Trainer trainer = new Trainer(listener);
        training = trainer;
        if (stopping) {
            trainer.stop(); // requested since the last check
        }
        try {
            if (!Files.exists(place)) {
                return trainer.train(recipe, place, init, newHead);
            }
            List<String> changed = Recipe.read(place.resolve("recipe.yaml")).differences(recipe);
            if (!changed.isEmpty()) {
                throw new CheckpointException(
                        place + ": trained with a different recipe: " + String.join(", ", changed));
            }
            Run run = Run.open(place);
            return run.isFinished() ? run : trainer.resume(place, 0);
        } catch (CancellationException e) {
            checkStopped();
            throw e;
        } finally {
            training = null;
        }
    }
}
