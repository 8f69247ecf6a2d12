/** Utilities such as atomic file writes, digests, CSV and keyed random numbers. Depends on no other package. */
@NullMarked
package io.github.resdensenet.util;

import org.jspecify.annotations.NullMarked;
