/**
 * Several models side by side: {@link io.github.resdensenet.compare.Comparison} trains every model under every recipe over
 * several seeds, {@link io.github.resdensenet.compare.Findings} is what follows from their answers and timings.
 */
@NullMarked
package io.github.resdensenet.compare;

import org.jspecify.annotations.NullMarked;
