/**
 * What is wrong with a folder of pictures before a network learns from it: {@link
 * io.github.resdensenet.data.audit.Audit} looks at every file, {@link io.github.resdensenet.data.audit.Duplicates} finds
 * the pictures that are there twice.
 */
@NullMarked
package io.github.resdensenet.data.audit;

import org.jspecify.annotations.NullMarked;
