/**
 * Reports of a run: the HTML page, the learning curves, the network diagram and the TensorBoard event file. Charts come
 * from {@link io.github.resdensenet.plot}.
 */
@NullMarked
package io.github.resdensenet.report;

import org.jspecify.annotations.NullMarked;
