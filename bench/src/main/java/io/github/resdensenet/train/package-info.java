/** Benchmarks of what only the training package sees. */
@NullMarked
package io.github.resdensenet.train;

import org.jspecify.annotations.NullMarked;
