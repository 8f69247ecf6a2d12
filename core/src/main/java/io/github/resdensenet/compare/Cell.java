package io.github.resdensenet.compare;

import io.github.resdensenet.train.Recipe;

/**
 * One training of a comparison.
 *
 * @param model the architecture
 * @param fusion its fusion
 * @param recipe "own" or "common"
 * @param seed key of its randomness
 * @param resolved all that decides it
 */
record Cell(String model, String fusion, String recipe, int seed, Recipe resolved) {
    /** The name of its run folder. */
    String name() {
        return String.join("-", variant(), recipe, Integer.toString(seed));
    }

    /** Model and fusion, for file names. */
    String variant() {
        return fusion.equals("both") ? model : model + "-" + fusion;
    }

    /** Model and fusion in print. */
    String title() {
        return resolved.model().title() + (fusion.equals("both") ? "" : " " + fusion);
    }
}
