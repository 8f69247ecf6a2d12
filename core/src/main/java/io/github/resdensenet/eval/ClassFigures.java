package io.github.resdensenet.eval;

/**
 * One class's figures.
 *
 * @param name the class
 * @param n pictures of the class
 * @param precision share of the predictions of the class that are right; 0 if it is never predicted
 * @param recall share of the class's pictures that were found; 0 if it has none
 * @param f1 harmonic mean of the two; 0 if the class is neither there nor predicted
 * @param rocAuc area under its ROC curve, the class against the rest
 * @param averagePrecision mean of the precisions over its recalls, the class against the rest
 */
public record ClassFigures(
        String name, int n, Figure precision, Figure recall, Figure f1, Figure rocAuc, Figure averagePrecision) {}
