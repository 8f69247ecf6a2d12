package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The verified state of an interrupted training run.
 *
 * @param run the run
 * @param recipe its recipe, with more epochs if requested
 * @param checkpoint its newest valid checkpoint
 * @param bestIsGood whether the best checkpoint of the epochs so far can be read
 * @param remarks what the user should know
 */
record Resumption(Run run, Recipe recipe, Checkpoint checkpoint, boolean bestIsGood, List<String> remarks) {
    /** Recipe keys that may change when a run is resumed. */
    static final Set<String> CHANGEABLE = Set.of("train.epochs", "train.threads");

    /**
     * Verifies a run.
     *
     * @param changes new values of recipe keys
     */
    static Resumption of(Run run, Map<String, String> changes) throws IOException {
        Run.Newest newest = run.recoverNewest();
        Manifest manifest = newest.checkpoint().manifest();
        if (manifest.splitSha256().isEmpty()) {
            throw new CheckpointException(run.folder()
                    + ": imported weights, there is no training to resume; train with --init " + run.folder());
        }
        Path file = run.file("recipe.yaml");
        Recipe written = Recipe.read(file);
        Recipe begun = Recipe.parse(manifest.recipe(), run.last());
        Recipe expected = begun.with(
                        "train.epochs", Integer.toString(written.train().epochs()))
                .with("train.threads", Integer.toString(written.train().threads()));
        List<String> changed = expected.differences(written);
        if (!changed.isEmpty()) {
            throw new CheckpointException(file + ": changed since the training started: " + String.join(", ", changed));
        }
        List<String> remarks = new ArrayList<>();
        newest.passedOver().forEach(fault -> remarks.add("Note: " + fault + "; resuming from the previous checkpoint"));
        Recipe recipe = written;
        for (Map.Entry<String, String> change : changes.entrySet()) {
            if (!CHANGEABLE.contains(change.getKey())) {
                throw new IllegalArgumentException(change.getKey() + " cannot change when a run is resumed");
            }
            recipe = recipe.with(change.getKey(), change.getValue());
        }
        int epochs = recipe.train().epochs();
        if (epochs < written.train().epochs()) {
            throw new IllegalArgumentException("--epochs must be at least the run's "
                    + written.train().epochs() + " with --resume, got " + epochs);
        }
        if (epochs > written.train().epochs()) {
            remarks.add("Extended from " + written.train().epochs() + " to " + epochs
                    + " epochs; the learning rate"
                    + (recipe.train().startSize() > 0 ? " and the image size follow" : " follows")
                    + " the schedule of " + epochs + " from here");
        }
        Manifest.Progress progress = manifest.progress();
        boolean bestIsGood = progress.bestEpoch() > 0;
        try {
            if (bestIsGood) {
                int epoch = run.readBest().manifest().progress().bestEpoch();
                if (epoch != progress.bestEpoch()) {
                    throw new CheckpointException(
                            run.best() + ": is of epoch " + epoch + ", not of epoch " + progress.bestEpoch());
                }
            }
        } catch (IOException e) {
            if (recipe.train().endsAfter(progress.epoch(), progress.bestEpoch())) {
                boolean early = progress.epoch() < recipe.train().epochs();
                throw new CheckpointException(e.getMessage() + "; no epoch remains to replace it, "
                        + (early ? "the run ended early by train.patience" : "train longer with --epochs N"));
            }
            bestIsGood = false;
            remarks.add("Note: " + e.getMessage() + "; the best of the remaining epochs replaces it");
        }
        remarks.add("Resuming " + run.folder() + " after " + progress.epoch() + " of "
                + recipe.train().epochs() + " epochs and " + progress.batch() + " more batches (" + progress.step()
                + " steps in total)");
        return new Resumption(run, recipe, newest.checkpoint(), bestIsGood, List.copyOf(remarks));
    }

    /** Returns the message for a finished run if no more epochs are requested. */
    String nothingToDo() {
        int epoch = manifest().progress().epoch();
        return run.folder() + ": "
                + (epoch < recipe.train().epochs()
                        ? "ended early after epoch " + epoch + " by train.patience; to train longer, start a new run"
                        : "finished after epoch " + epoch + "; train longer with --epochs N");
    }

    /** Returns the progress to resume from. If the best checkpoint is corrupt, the best remaining epoch counts. */
    Manifest.Progress progress() {
        Manifest.Progress progress = manifest().progress();
        return bestIsGood ? progress : progress.withBest(0, -1);
    }

    History history() throws IOException {
        return History.parse(manifest().history(), run.last());
    }

    /** Returns a note for each change of the environment that can change the last bits of a weight. */
    List<String> environmentChanges(Map<String, String> environment) {
        List<String> changes = new ArrayList<>();
        boolean fused = "fused".equals(environment.get("engine"));
        boolean threadsMatter = !fused || recipe.train().freezeEpochs() > 0;
        for (String key : List.of("threads", "engine", "device", "cpu", "torch")) {
            String before = manifest().environment().getOrDefault(key, "unknown");
            String now = environment.getOrDefault(key, "unknown");
            if (!before.equals(now) && (threadsMatter || !key.equals("threads"))) {
                changes.add("Note: " + key + " was " + before + " and is " + now
                        + "; the weights may differ from an uninterrupted run's in their last bits");
            }
        }
        return changes;
    }

    Manifest manifest() {
        return checkpoint.manifest();
    }

    boolean goesFurther() {
        return !recipe.train()
                .endsAfter(manifest().progress().epoch(), progress().bestEpoch());
    }
}
