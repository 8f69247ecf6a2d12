/**
 * Networks compiled to static plans of oneDNN primitives over memory that is laid out once: the fast way to train and to
 * predict. The one door is {@link io.github.resdensenet.engine.FusedNetwork}; only this package knows oneDNN.
 */
@NullMarked
package io.github.resdensenet.engine;

import org.jspecify.annotations.NullMarked;
