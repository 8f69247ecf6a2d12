package io.github.resdensenet.compare;

import io.github.resdensenet.run.Recipe;

/**
 * One training run of a comparison: a model under a recipe with one seed.
 *
 * @param model architecture, for example "resdensenet"
 * @param fusion fusion variant; "both" for models that have no variants
 * @param recipe "own" or "common"
 * @param seed random seed
 * @param resolved complete recipe of the training run
 */
record Cell(String model, String fusion, String recipe, int seed, Recipe resolved) {
    /** Name of the run folder. */
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
