/** Test utilities: reproducible synthetic values and images, and golden files from reference libraries. */
@NullMarked
package io.github.resdensenet.testkit;

import org.jspecify.annotations.NullMarked;
