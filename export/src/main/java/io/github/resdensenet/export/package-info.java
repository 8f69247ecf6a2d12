/** Export of a trained model for other programs: ONNX with preprocessing and calibration, TorchScript, bundles. */
@NullMarked
package io.github.resdensenet.export;

import org.jspecify.annotations.NullMarked;
