/** The HTTP service: scheduling, routes, the Open Inference Protocol, metrics and the page. */
@NullMarked
package io.github.resdensenet.serve;

import org.jspecify.annotations.NullMarked;
