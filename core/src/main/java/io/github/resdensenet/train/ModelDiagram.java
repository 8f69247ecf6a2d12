package io.github.resdensenet.train;

import io.github.resdensenet.nn.AvgPool2d;
import io.github.resdensenet.nn.Conv2d;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.MaxPool2d;
import io.github.resdensenet.nn.Module;
import io.github.resdensenet.nn.Summary;
import io.github.resdensenet.nn.Trace;
import io.github.resdensenet.report.Diagram;
import io.github.resdensenet.report.Step;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Draws a network from what it does. */
public final class ModelDiagram {
    private ModelDiagram() {}

    /**
     * The picture of a network for square images.
     *
     * @param imageSize height and width in pixels
     */
    public static Diagram of(ImageClassifier model, int imageSize) {
        List<Step> steps = Trace.of(model, imageSize).stream()
                .map(op -> new Step(
                        op.type(),
                        op.path(),
                        text(op.type(), op.module()),
                        op.inside(),
                        op.inputs(),
                        op.output(),
                        op.shape()))
                .toList();
        Summary summary = Summary.of(model, imageSize);
        return new Diagram(model.config().title(), imageSize, summary.params(), summary.macs(), steps);
    }

    private static String text(String type, @Nullable Module module) {
        if (module instanceof Conv2d conv) {
            return "Conv " + window(conv.kernelSize, conv.stride, 1);
        } else if (module instanceof MaxPool2d pool) {
            return "MaxPool " + window(pool.kernelSize, pool.stride, 1);
        } else if (module instanceof AvgPool2d pool) {
            return "AvgPool " + window(pool.kernelSize, pool.kernelSize, pool.kernelSize);
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
