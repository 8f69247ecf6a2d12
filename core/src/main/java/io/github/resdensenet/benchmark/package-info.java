/** Measures the speed and memory of training and inference. */
@NullMarked
package io.github.resdensenet.benchmark;

import org.jspecify.annotations.NullMarked;
