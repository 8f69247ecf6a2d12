package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.Checkpoint;
import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.checkpoint.Manifest;
import io.github.resdensenet.checkpoint.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where an earlier training stopped, verified.
 *
 * @param run the run
 * @param recipe its recipe, with more epochs if that is wished
 * @param checkpoint its newest state that verifies
 * @param bestIsGood whether the best checkpoint of the epochs so far can be read
 * @param remarks what the user should know
 */
record Resumption(Run run, Recipe recipe, Checkpoint checkpoint, boolean bestIsGood, List<String> remarks) {
    static Resumption of(Run run, int epochs) throws IOException {
        Run.Newest newest = run.recoverNewest();
        Manifest manifest = newest.checkpoint().manifest();
        if (manifest.splitSha256().isEmpty()) {
            throw new CheckpointException(run.folder()
                    + ": imported weights, not a training to go on with; train with --init " + run.folder());
        }
        Path file = run.file("recipe.yaml");
        Recipe written = Recipe.read(file);
        Recipe begun = RecipeFile.parse(manifest.recipe(), run.last());
        Recipe sameLength =
                begun.with("train.epochs", Integer.toString(written.train().epochs()));
        List<String> changed = sameLength.differences(written);
        if (!changed.isEmpty()) {
            throw new CheckpointException(
                    file + ": was changed since the training started: " + String.join(", ", changed));
        }
        List<String> remarks = new ArrayList<>();
        newest.passedOver().forEach(fault -> remarks.add("Note: " + fault + "; going on from the checkpoint before"));
        Recipe recipe = written;
        if (epochs > 0 && epochs != written.train().epochs()) {
            if (epochs < written.train().epochs()) {
                throw new IllegalArgumentException("--epochs must be at least the run's "
                        + written.train().epochs() + " with --resume, got " + epochs);
            }
            recipe = written.with("train.epochs", Integer.toString(epochs));
            remarks.add("Extended from " + written.train().epochs() + " to " + epochs
                    + " epochs; the learning rate follows the schedule of " + epochs + " from here");
        }
        Manifest.Progress progress = manifest.progress();
        boolean bestIsGood = progress.bestEpoch() > 0;
        try {
            if (bestIsGood) {
                run.readBest();
            }
        } catch (IOException e) {
            bestIsGood = false;
            remarks.add("Note: " + e.getMessage() + "; the best of the epochs to come takes its place");
        }
        remarks.add("Resuming " + run.folder() + " after " + progress.epoch() + " of "
                + recipe.train().epochs() + " epochs and " + progress.batch() + " more steps, " + progress.step()
                + " in all");
        return new Resumption(run, recipe, newest.checkpoint(), bestIsGood, List.copyOf(remarks));
    }

    Manifest manifest() {
        return checkpoint.manifest();
    }

    boolean goesFurther() {
        return recipe.train().epochs() > manifest().progress().epoch();
    }
}
