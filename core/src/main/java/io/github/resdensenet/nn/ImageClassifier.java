package io.github.resdensenet.nn;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * A network from images [N, 3, H, W] to logits [N, classes], in stages, so that each feature map can be looked at:
 * forward = forwardHead(forwardStage(n - 1, ... forwardStage(1, forwardStage(0, x)))).
 */
public abstract class ImageClassifier extends Module {
    private final ModelConfig config;
    private final int numClasses;

    ImageClassifier(ModelConfig config, int numClasses) {
        if (numClasses < 1) {
            throw new IllegalArgumentException("numClasses must be positive, got " + numClasses);
        }
        this.config = config;
        this.numClasses = numClasses;
    }

    /** The stages in forward order, each named after its main module; a stage's number is its place here. */
    public abstract List<String> stages();

    /**
     * One stage alone.
     *
     * @param stage its number
     * @param x the images [N, 3, H, W] for stage 0, else the output of the stage before
     * @return its feature map [N, C, h, w]; the last one's is rectified, as the head takes it
     */
    public abstract Tensor forwardStage(int stage, Tensor x);

    /** [N, 3, H, W] to the last feature map [N, C, h, w], as the head takes it. */
    public final Tensor forwardFeatures(Tensor x) {
        int n = stages().size();
        for (int stage = 0; stage < n; stage++) {
            x = forwardStage(stage, x);
        }
        return x;
    }

    /** The last feature map [N, C, h, w] to logits [N, classes]. */
    public abstract Tensor forwardHead(Tensor features);

    @Override
    protected final Tensor forward(Tensor x) {
        return forwardHead(forwardFeatures(x));
    }

    /** Name of the layer that makes the logits: the one whose size depends on the number of classes. */
    public abstract String headName();

    /** Height and width of the last feature map for a square image, or 0 if the image is too small for the network. */
    public abstract int featureSize(int imageSize);

    /** The smallest square image that leaves a feature map. */
    public final int minImageSize() {
        int size = 1;
        while (featureSize(size) < 1) {
            size++;
        }
        return size;
    }

    /** What the network was built from. */
    public final ModelConfig config() {
        return config;
    }

    /** The number of logits. */
    public final int numClasses() {
        return numClasses;
    }
}
