package io.github.resdensenet.train;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.engine.Pass;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.LogitsLoss;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Computes the gradients of the head with a frozen backbone, for every engine. libtorch computes the features in evaluation mode
 * without gradients; autograd runs through the head only.
 */
final class HeadTraining {
    private final ImageClassifier model;
    private final AdamW optimizer;
    private final double labelSmoothing;

    HeadTraining(ImageClassifier model, AdamW optimizer, double labelSmoothing) {
        this.model = model;
        this.optimizer = optimizer;
        this.labelSmoothing = labelSmoothing;
    }

    Pass pass(Batch batch) {
        try (PointerScope scope = new PointerScope()) {
            model.train(false);
            Device device = model.namedParameters().values().iterator().next().device();
            Tensor labels = batch.labelTensor().to(device, ScalarType.Long);
            Tensor features;
            try (NoGradGuard noGrad = new NoGradGuard()) {
                features = model.forwardFeatures(batch.images().to(device, ScalarType.Float));
            }
            Tensor logits = model.forwardHead(features);
            Tensor loss = LogitsLoss.crossEntropy(logits, labels, labelSmoothing);
            optimizer.zeroGrad();
            double mean = loss.item_double();
            Engine.checkFinite(mean);
            loss.backward();
            return new Pass(mean, LogitsLoss.correct(logits, labels));
        }
    }
}
