package io.github.resdensenet.eval;

import java.util.OptionalInt;

/**
 * An evaluation of a run's best checkpoint.
 *
 * @param evaluation the metrics
 * @param precision number format of the network in words
 * @param testEvaluations number of test-set evaluations of the run, with this one; empty if this is not one, or could not
 *     be counted
 * @param testEvaluationsInWords the number in words, or why this evaluation could not be counted; "" if the test set was
 *     not evaluated
 */
public record RunEvaluation(
        Evaluation evaluation, String precision, OptionalInt testEvaluations, String testEvaluationsInWords) {}
