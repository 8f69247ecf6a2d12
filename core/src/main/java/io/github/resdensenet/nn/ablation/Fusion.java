package io.github.resdensenet.nn.ablation;

import io.github.resdensenet.util.Choices;

/** How a ResDenseNet joins its layers. */
public enum Fusion {
    /** The article's network: concatenation inside each block, addition around it. */
    BOTH,
    /** Concatenation inside each block, no addition. */
    CONCAT,
    /** Addition around each layer and each block, no concatenation. */
    ADD,
    /** Neither: each layer reads only the one before it. */
    NONE,
    /** Several small blocks per stage, each with its own concatenation and addition, as the article's figure draws it. */
    STACKED;

    /** Reads a name as in recipes, for instance "concat". */
    public static Fusion of(String name) {
        return Choices.parse(Fusion.class, "model.fusion", name);
    }

    /** The name in recipes, manifests and on the command line. */
    @Override
    public String toString() {
        return Choices.label(this);
    }
}
