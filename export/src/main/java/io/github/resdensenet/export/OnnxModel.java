package io.github.resdensenet.export;

import static io.github.resdensenet.export.OnnxGraph.attribute;

import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.proto.onnx.ModelProto;
import io.github.resdensenet.proto.onnx.OperatorSetIdProto;
import io.github.resdensenet.proto.onnx.StringStringEntryProto;
import io.github.resdensenet.proto.onnx.TensorProto.DataType;
import io.github.resdensenet.proto.onnx.TensorShapeProto;
import io.github.resdensenet.proto.onnx.TensorShapeProto.Dimension;
import io.github.resdensenet.proto.onnx.TypeProto;
import io.github.resdensenet.proto.onnx.ValueInfoProto;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.transforms.Normalize;
import java.io.IOException;
import java.util.List;

/**
 * A classifier as an ONNX model (opset 18, IR version 8): preprocessing, network, temperature and softmax.
 *
 * <p>The outputs are {@code logits} and the calibrated {@code probabilities}, float32 [batch, classes]. The size of the
 * batch is dynamic. The same run always gives the same bytes.
 */
final class OnnxModel {
    static final String LOGITS = "logits";
    static final String PROBABILITIES = "probabilities";

    /** The newest operator set of ONNX 1.13. Antialiased resizing needs it, and older runtimes still read it. */
    private static final int OPSET = 18;

    private static final int IR_VERSION = 8;
    private static final String BATCH = "batch";

    private OnnxModel() {}

    /** Rewrites the network before it becomes part of the model. */
    interface Rewriting {
        OnnxGraph rewrite(OnnxGraph network, String input) throws IOException;
    }

    /** The name of the model's input. */
    static String inputName(ModelInput input) {
        return input == ModelInput.PIXELS ? "pixels" : "pixel_values";
    }

    /**
     * Creates the model.
     *
     * @param calibratedLogits whether the output {@code logits} is divided by the temperature
     * @throws IOException if rewriting the network fails
     */
    static ModelProto of(
            Classifier classifier,
            Manifest manifest,
            OnnxOptions options,
            boolean calibratedLogits,
            Rewriting rewriting)
            throws IOException {
        ModelInput input = options.input();
        OnnxGraph graph = new OnnxGraph(classifier.model().config().name().toString());
        long size = classifier.preprocessing().imageSize();
        String images = graph.input(
                input == ModelInput.PIXELS
                        ? image(
                                value(inputName(input), DataType.UINT8, BATCH, "height", "width", 3L),
                                "DATA_BATCH",
                                "DATA_FEATURE",
                                "DATA_FEATURE",
                                "DATA_CHANNEL")
                        : value(inputName(input), DataType.FLOAT, BATCH, 3L, size, size));
        String normalized = input == ModelInput.PIXELS ? preprocessing(graph, classifier, images) : images;
        String raw = calibratedLogits ? "uncalibrated" : LOGITS;
        OnnxGraph network = new OnnxGraph(graph.name());
        NetworkNodes.add(network, classifier.model(), classifier.preprocessing().imageSize(), normalized, raw);
        graph.append(rewriting.rewrite(network, normalized));
        String temperature = graph.float32(
                "temperature", List.of(), (float) classifier.temperature().value());
        String calibrated = graph.node("Div", calibratedLogits ? LOGITS : "calibrated", List.of(raw, temperature));
        graph.node("Softmax", PROBABILITIES, List.of(calibrated), attribute("axis", 1));
        long classes = classifier.classes().size();
        graph.output(value(LOGITS, DataType.FLOAT, BATCH, classes));
        graph.output(value(PROBABILITIES, DataType.FLOAT, BATCH, classes));
        ModelProto.Builder model = builder(graph)
                .setDocString("Image classifier: " + classifier.model().config().title());
        ModelMetadata.of(classifier, manifest, options)
                .forEach((key, text) -> model.addMetadataProps(
                        StringStringEntryProto.newBuilder().setKey(key).setValue(text)));
        return model.build();
    }

    /** A model with this graph and without metadata. */
    static ModelProto.Builder builder(OnnxGraph graph) {
        return ModelProto.newBuilder()
                .setIrVersion(IR_VERSION)
                .setProducerName("resdensenet")
                .setGraph(graph.proto())
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET));
    }

    /** Resizes to the pixels of Pillow and normalises with the same float32 arithmetic as {@link Normalize#table}. */
    private static String preprocessing(OnnxGraph graph, Classifier classifier, String pixels) {
        String channelsFirst =
                graph.node("Transpose", "channels_first", List.of(pixels), attribute("perm", 0, 3, 1, 2));
        String resized = ResizeNodes.add(graph, channelsFirst, classifier.preprocessing());
        String real = graph.node("Cast", "real", List.of(resized), attribute("to", DataType.FLOAT.getNumber()));
        Normalize normalize = classifier.preprocessing().normalize();
        String scaled = graph.node("Div", "scaled", List.of(real, graph.float32("pixel_max", List.of(), 255f)));
        String centered = graph.node("Sub", "centered", List.of(scaled, channels(graph, "mean", normalize.mean())));
        return graph.node("Div", "normalized", List.of(centered, channels(graph, "std", normalize.std())));
    }

    private static String channels(OnnxGraph graph, String name, List<Double> values) {
        return graph.float32(
                name,
                List.of(3L, 1L, 1L),
                values.get(0).floatValue(),
                values.get(1).floatValue(),
                values.get(2).floatValue());
    }

    /** Declares a value. A dimension is a number, or the name of a size that is known at run time. */
    static ValueInfoProto.Builder value(String name, DataType type, Object... dimensions) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (Object dimension : dimensions) {
            Dimension.Builder dim = Dimension.newBuilder();
            shape.addDim(dimension instanceof Long n ? dim.setDimValue(n) : dim.setDimParam(dimension.toString()));
        }
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(TypeProto.Tensor.newBuilder()
                                .setElemType(type.getNumber())
                                .setShape(shape)));
    }

    /** Marks a value as an image, with the meaning of its dimensions. */
    private static ValueInfoProto.Builder image(ValueInfoProto.Builder value, String... denotations) {
        TypeProto.Builder type = value.getTypeBuilder().setDenotation("IMAGE");
        TensorShapeProto.Builder shape = type.getTensorTypeBuilder().getShapeBuilder();
        for (int i = 0; i < denotations.length; i++) {
            shape.getDimBuilder(i).setDenotation(denotations[i]);
        }
        return value;
    }
}
