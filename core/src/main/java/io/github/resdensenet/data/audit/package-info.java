/**
 * Checks of an image folder before training.
 *
 * <p>{@link io.github.resdensenet.data.audit.Audit} checks every file. {@link
 * io.github.resdensenet.data.audit.Duplicates} finds duplicates and near-duplicates.
 */
@NullMarked
package io.github.resdensenet.data.audit;

import org.jspecify.annotations.NullMarked;
