/** Using a trained model: {@link io.github.resdensenet.predict.Classifier} answers for one picture at a time. */
@NullMarked
package io.github.resdensenet.predict;

import org.jspecify.annotations.NullMarked;
