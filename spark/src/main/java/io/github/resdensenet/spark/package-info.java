/** Training and batch scoring on Apache Spark. */
@NullMarked
package io.github.resdensenet.spark;

import org.jspecify.annotations.NullMarked;
