/**
 * JMH benchmarks of the pieces. Run them all, or those that match a pattern, with
 *
 * <pre>./mvnw -q -ntp -pl bench -am package exec:exec -DskipTests -Dpattern=Picture</pre>
 */
@NullMarked
package io.github.resdensenet.bench;

import org.jspecify.annotations.NullMarked;
