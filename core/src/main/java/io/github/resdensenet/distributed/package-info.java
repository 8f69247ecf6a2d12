/**
 * Processes that train one model together, on one or several machines. They exchange data through libtorch's Gloo
 * collectives.
 */
@NullMarked
package io.github.resdensenet.distributed;

import org.jspecify.annotations.NullMarked;
