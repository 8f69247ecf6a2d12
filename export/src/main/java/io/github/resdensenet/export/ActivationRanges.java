package io.github.resdensenet.export;

import static io.github.resdensenet.export.OnnxGraph.attribute;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.github.resdensenet.data.Batch;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.proto.onnx.NodeProto;
import io.github.resdensenet.proto.onnx.TensorProto.DataType;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The smallest and largest value of each activation of a network, measured by ONNX Runtime on training images. */
final class ActivationRanges {
    private static final int MOST_IMAGES = 256;
    private static final String MIN = ".min";
    private static final String MAX = ".max";

    /** A range that includes 0, so that padding is exact. */
    record Range(float min, float max) {
        Range union(Range other) {
            return new Range(Math.min(min, other.min), Math.max(max, other.max));
        }
    }

    private final Map<String, Range> ranges = new HashMap<>();

    /**
     * Runs a network on images.
     *
     * @throws IOException if an image cannot be read
     */
    ActivationRanges(OnnxGraph network, String input, Classifier classifier, List<Path> files) throws IOException {
        List<String> values = new ArrayList<>(List.of(input));
        network.nodes().stream().map(NodeProto::getName).forEach(values::add);
        byte[] model = measuring(network, input, classifier.preprocessing().imageSize(), values);
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
                OrtSession session = environment.createSession(model, options)) {
            for (Path file : files) {
                try (Batch batch = classifier.preprocess(List.of(ImageDecoder.decode(
                                file, classifier.preprocessing().upright())));
                        OnnxTensor tensor =
                                OnnxTensor.createTensor(environment, batch.memory(), OnnxCheck.shape(batch));
                        OrtSession.Result result = session.run(Map.of(input, tensor))) {
                    for (String value : values) {
                        ranges.merge(value, range(result, value), Range::union);
                    }
                }
            }
        } catch (OrtException e) {
            throw new IOException("ONNX Runtime cannot measure the activations: " + e.getMessage(), e);
        }
    }

    /**
     * Runs a network on a fixed sample of the run's training images.
     *
     * @param network a network of float32 numbers
     * @param input name of the network's input
     * @param best the run's best checkpoint
     * @param data the new location of the run's images; null if they have not moved
     * @throws IOException if the images cannot be read
     */
    static ActivationRanges measure(
            OnnxGraph network, String input, Classifier classifier, Run run, Checkpoint best, @Nullable Path data)
            throws IOException {
        List<Path> files;
        try {
            files = CheckImages.files(run, best, Subset.TRAIN, data, MOST_IMAGES);
        } catch (IOException | IllegalArgumentException e) {
            throw new IOException("--precision int8 needs the run's training images. " + e.getMessage(), e);
        }
        return new ActivationRanges(network, input, classifier, files);
    }

    /** A model whose outputs are the smallest and the largest element of every value. */
    private static byte[] measuring(OnnxGraph network, String input, long size, List<String> values) {
        OnnxGraph graph = network.copy();
        graph.input(OnnxModel.value(input, DataType.FLOAT, 1L, 3L, size, size));
        for (String value : values) {
            graph.node("ReduceMin", value + MIN, List.of(value), attribute("keepdims", 0));
            graph.node("ReduceMax", value + MAX, List.of(value), attribute("keepdims", 0));
            graph.output(OnnxModel.value(value + MIN, DataType.FLOAT));
            graph.output(OnnxModel.value(value + MAX, DataType.FLOAT));
        }
        return OnnxModel.builder(graph).build().toByteArray();
    }

    private static Range range(OrtSession.Result result, String value) throws OrtException {
        return new Range(Math.min(0, number(result, value + MIN)), Math.max(0, number(result, value + MAX)));
    }

    private static float number(OrtSession.Result result, String name) throws OrtException {
        return (float) result.get(name).orElseThrow().getValue();
    }

    Range of(String value) {
        return ranges.getOrDefault(value, new Range(0, 0));
    }
}
