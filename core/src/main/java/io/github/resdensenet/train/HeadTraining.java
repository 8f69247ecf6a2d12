package io.github.resdensenet.train;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.engine.Pass;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.LogitsLoss;
import io.github.resdensenet.nn.Targets;
import io.github.resdensenet.optim.Optimizer;
import java.util.List;
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
    private final Optimizer optimizer;
    private final double labelSmoothing;
    private final List<Double> classWeights;

    HeadTraining(ImageClassifier model, Optimizer optimizer, double labelSmoothing, List<Double> classWeights) {
        this.model = model;
        this.optimizer = optimizer;
        this.labelSmoothing = labelSmoothing;
        this.classWeights = classWeights;
    }

    Pass pass(Batch batch) {
        Targets targets = Engine.targets(batch);
        try (PointerScope scope = new PointerScope()) {
            model.train(false);
            Device device = model.namedParameters().values().iterator().next().device();
            Tensor features;
            try (NoGradGuard noGrad = new NoGradGuard()) {
                features = model.forwardFeatures(batch.images().to(device, ScalarType.Float));
            }
            Tensor logits = model.forwardHead(features);
            Tensor loss = LogitsLoss.crossEntropy(logits, targets, labelSmoothing, classWeights);
            optimizer.zeroGrad();
            double mean = loss.item_double();
            Engine.checkFinite(mean);
            loss.backward();
            return new Pass(mean, LogitsLoss.correct(logits, targets.main()));
        }
    }
}
