package io.github.resdensenet.compare;

import io.github.resdensenet.run.Recipe;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A model under a recipe with one seed: one training run of a comparison, or one per fold of a cross-validation.
 *
 * @param model architecture, for example "resdensenet"
 * @param fusion fusion variant; "both" for models that have no variants
 * @param recipe "own" or "common"
 * @param seed random seed
 * @param resolved complete recipe of the training run, or of its first fold
 */
record Cell(String model, String fusion, String recipe, int seed, Recipe resolved) {
    /** The recipes of the training runs by the names of their run folders. */
    Map<String, Recipe> runs() {
        int folds = resolved.data().folds();
        Map<String, Recipe> runs = new LinkedHashMap<>();
        for (int fold = 0; fold < folds; fold++) {
            runs.put(name() + "-fold-" + fold, resolved.with("data.fold", Integer.toString(fold)));
        }
        return folds == 0 ? Map.of(name(), resolved) : runs;
    }

    /** Name of the run folder; with folds, the start of their names. */
    String name() {
        return String.join("-", variant(), recipe, Integer.toString(seed));
    }

    /** Model and fusion as used in file names. */
    String variant() {
        return fusion.equals("both") ? model : model + "-" + fusion;
    }

    /** Display name of model and fusion. */
    String title() {
        return resolved.model().title() + (fusion.equals("both") ? "" : " " + fusion);
    }
}
