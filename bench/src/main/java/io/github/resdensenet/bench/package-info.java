/**
 * JMH benchmarks of the pieces. Run them all, or those that match a pattern, with
 *
 * <pre>./mvnw -q -ntp -Pjmh -pl bench -am -DskipTests package [-Djmh="ImageBenchmark -f 1"]</pre>
 */
@NullMarked
package io.github.resdensenet.bench;

import org.jspecify.annotations.NullMarked;
