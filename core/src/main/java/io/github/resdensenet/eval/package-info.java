/**
 * How good a model is: {@link io.github.resdensenet.eval.Evaluator} runs it over pictures, {@link
 * io.github.resdensenet.eval.Evaluation} holds every figure that follows from the answers.
 */
@NullMarked
package io.github.resdensenet.eval;

import org.jspecify.annotations.NullMarked;
