/** Charts, attribution figures and network diagrams as SVG and PNG. */
@NullMarked
package io.github.resdensenet.plot;

import org.jspecify.annotations.NullMarked;
