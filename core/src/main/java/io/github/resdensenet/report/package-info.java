/** Pictures of numbers: {@link io.github.resdensenet.report.LearningCurves} as SVG and PNG. */
@NullMarked
package io.github.resdensenet.report;

import org.jspecify.annotations.NullMarked;
