package io.github.resdensenet.nn;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Base class of the image classifiers: images [N, 3, H, W] to logits [N, classes].
 *
 * <p>The backbone is split into stages, so that callers can read each feature map. With n stages, forward(x) is
 * forwardHead(forwardStage(n-1, ... forwardStage(1, forwardStage(0, x)))).
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

    /** The name of each stage's main module, in forward order. The index in this list is the number of the stage. */
    public abstract List<String> stages();

    /**
     * Runs one stage.
     *
     * @param stage the number of the stage, from 0
     * @param x the images [N, 3, H, W] for stage 0, otherwise the output of the previous stage
     * @return the feature map [N, C, h, w] of the stage; the last stage includes the final ReLU
     */
    public abstract Tensor forwardStage(int stage, Tensor x);

    /** Runs the backbone: images [N, 3, H, W] to the last feature map [N, C, h, w], the input of the head. */
    public final Tensor forwardFeatures(Tensor x) {
        for (int stage = 0; stage < stages().size(); stage++) {
            x = forwardStage(stage, x);
        }
        return x;
    }

    /** Runs the head: the last feature map [N, C, h, w] to logits [N, classes]. */
    public abstract Tensor forwardHead(Tensor features);

    @Override
    protected final Tensor forward(Tensor x) {
        return forwardHead(forwardFeatures(x));
    }

    /** Name of the final linear layer, the only one whose size depends on the number of classes. */
    public abstract String headName();

    /** Height and width of the last feature map for a square image, or 0 if the image is too small for the network. */
    public abstract int featureSize(int imageSize);

    /** Height and width of the smallest square image that the network accepts, in pixels. */
    public final int minImageSize() {
        int size = 1;
        while (featureSize(size) < 1) {
            size++;
        }
        return size;
    }

    /** The architecture and sizes of the network. */
    public final ModelConfig config() {
        return config;
    }

    /** The number of classes. */
    public final int numClasses() {
        return numClasses;
    }
}
