/**
 * Processes that train one model together. On one machine they exchange data through shared memory, between machines
 * through libtorch's Gloo collectives.
 */
@NullMarked
package io.github.resdensenet.distributed;

import org.jspecify.annotations.NullMarked;
