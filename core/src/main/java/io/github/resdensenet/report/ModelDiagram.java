package io.github.resdensenet.report;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Summary;
import io.github.resdensenet.nn.Trace;
import io.github.resdensenet.nn.Trace.Layer;
import io.github.resdensenet.plot.Diagram;
import io.github.resdensenet.plot.Diagram.Step;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Creates the diagram of a network from a recorded forward pass. */
public final class ModelDiagram {
    private ModelDiagram() {}

    /**
     * Creates the diagram of a network for square images.
     *
     * @param model network
     * @param imageSize image height and width in pixels
     */
    public static Diagram of(ImageClassifier model, int imageSize) {
        List<Step> steps = Trace.of(model, imageSize).stream()
                .map(op -> new Step(
                        op.type(),
                        op.path(),
                        text(op.type(), op.layer()),
                        op.inside(),
                        op.inputs(),
                        op.output(),
                        op.shape()))
                .toList();
        Summary summary = Summary.of(model, imageSize);
        return new Diagram(model.config().title(), imageSize, summary.params(), summary.macs(), steps);
    }

    private static String text(String type, @Nullable Layer layer) {
        if (layer instanceof Layer.Convolution conv) {
            return "Conv " + window(conv.kernelSize(), conv.stride(), 1);
        } else if (layer instanceof Layer.Pooling pool) {
            return (pool.max() ? "MaxPool " : "AvgPool ")
                    + window(pool.kernelSize(), pool.stride(), pool.max() ? 1 : pool.kernelSize());
        }
        return switch (type) {
            case "BatchNorm2d" -> "BN";
            case "relu" -> "ReLU";
            case "cat" -> Step.CONCAT;
            case "add" -> Step.ADD;
            case "globalAveragePool" -> "global average pool";
            default -> type;
        };
    }

    private static String window(int kernel, int stride, int usualStride) {
        return kernel + "\u00d7" + kernel + (stride == usualStride ? "" : " stride " + stride);
    }
}
