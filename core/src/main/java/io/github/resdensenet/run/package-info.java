/** Run folders: recipe, checkpoints with their manifest, history, lock, and the count of test-set evaluations. */
@NullMarked
package io.github.resdensenet.run;

import org.jspecify.annotations.NullMarked;
