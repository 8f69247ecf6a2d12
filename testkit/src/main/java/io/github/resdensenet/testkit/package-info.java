/** For tests: numbers and pictures that depend on a name alone, and the goldens that PyTorch made from the same ones. */
@NullMarked
package io.github.resdensenet.testkit;

import org.jspecify.annotations.NullMarked;
