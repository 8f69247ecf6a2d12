/** Export to ONNX: a network with its preprocessing and calibration as one file, checked with ONNX Runtime. */
@NullMarked
package io.github.resdensenet.onnx;

import org.jspecify.annotations.NullMarked;
