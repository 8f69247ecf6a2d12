/**
 * Pictures of numbers: {@link io.github.resdensenet.report.LearningCurves} and {@link
 * io.github.resdensenet.report.AttributionFigure} as SVG and PNG.
 */
@NullMarked
package io.github.resdensenet.report;

import org.jspecify.annotations.NullMarked;
