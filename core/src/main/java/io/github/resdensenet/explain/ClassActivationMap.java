package io.github.resdensenet.explain;

import io.github.resdensenet.nn.ImageClassifier;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Gradient-based class activation maps: max(0, sum over channels k of w_k A_k). A [1, K, h, w] is the feature map of a
 * stage. The weights w follow from the gradient g of the target's logit with respect to A:
 *
 * <pre>
 * Grad-CAM    w_k = mean of g_k over all positions
 * Grad-CAM++  w_k = sum over all positions of alpha max(0, g_k),
 *             alpha = 1 / (2 + g_k sum over all positions of max(0, A_k))
 * LayerCAM    w_k = max(0, g_k) at each position
 * </pre>
 *
 * <p>The alpha of Grad-CAM++ is g^2 / (2 g^2 + g^3 sum of A) in the paper, for the score exp(logit). The paper assumes
 * rectified A. Here A is rectified because the feature map of an inner stage can be negative.
 */
final class ClassActivationMap {
    private static final long[] POSITIONS = {2, 3};

    private ClassActivationMap() {}

    /** The map for one image [1, 3, H, W]. The model must be in evaluation mode. */
    static HeatMap of(ImageClassifier model, Tensor image, int stage, int target, Method method) {
        try (PointerScope scope = new PointerScope()) {
            Tensor features = features(model, image, stage);
            features.set_requires_grad(true);
            Tensor x = features;
            for (int next = stage + 1; next < model.stages().size(); next++) {
                x = model.forwardStage(next, x);
            }
            Tensor logit = model.forwardHead(x).select(1, target);
            Tensor gradient = torch.grad(new TensorVector(logit), new TensorVector(features))
                    .get(0);
            Tensor a = features.detach().to(ScalarType.Double);
            Tensor w = weights(a, gradient.to(ScalarType.Double), method);
            Tensor map = torch.relu(w.mul(a).sum(1)).to(ScalarType.Float).contiguous(); // [1, h, w]
            float[] values = new float[(int) map.numel()];
            new FloatPointer(map.data_ptr()).get(values);
            return new HeatMap((int) map.size(2), (int) map.size(1), values);
        }
    }

    private static Tensor features(ImageClassifier model, Tensor image, int stage) {
        try (NoGradGuard noGrad = new NoGradGuard()) {
            Tensor x = image;
            for (int i = 0; i <= stage; i++) {
                x = model.forwardStage(i, x);
            }
            return x;
        }
    }

    /** Weights of shape [1, K, 1, 1], or [1, K, h, w] for LayerCAM. */
    private static Tensor weights(Tensor a, Tensor g, Method method) {
        return switch (method) {
            case GRADCAM -> g.mean(POSITIONS, true, new ScalarTypeOptional());
            case GRADCAM_PLUS_PLUS -> {
                Tensor positive = torch.relu(g);
                Tensor total = torch.relu(a).sum(POSITIONS, true, new ScalarTypeOptional());
                yield positive.div(positive.mul(total).add(new Scalar(2.0)))
                        .sum(POSITIONS, true, new ScalarTypeOptional());
            }
            case LAYERCAM -> torch.relu(g);
            case OCCLUSION -> throw new IllegalArgumentException("occlusion is not a gradient method, use Occlusion");
        };
    }
}
