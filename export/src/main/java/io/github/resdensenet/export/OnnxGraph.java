package io.github.resdensenet.export;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.github.resdensenet.checkpoint.TensorData;
import io.github.resdensenet.proto.onnx.AttributeProto;
import io.github.resdensenet.proto.onnx.AttributeProto.AttributeType;
import io.github.resdensenet.proto.onnx.GraphProto;
import io.github.resdensenet.proto.onnx.NodeProto;
import io.github.resdensenet.proto.onnx.TensorProto;
import io.github.resdensenet.proto.onnx.TensorProto.DataType;
import io.github.resdensenet.proto.onnx.ValueInfoProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;

/** Builds an ONNX graph in which every node has one output, with the name of the node. */
final class OnnxGraph {
    private final GraphProto.Builder graph;
    private final Set<String> names = new HashSet<>();

    OnnxGraph(String name) {
        graph = GraphProto.newBuilder().setName(name);
    }

    /** An integer attribute. */
    static AttributeProto attribute(String name, long value) {
        return attribute(name, AttributeType.INT).setI(value).build();
    }

    /** An attribute of several integers. */
    static AttributeProto attribute(String name, long... values) {
        return attribute(name, AttributeType.INTS)
                .addAllInts(LongStream.of(values).boxed().toList())
                .build();
    }

    /** A floating-point attribute. */
    static AttributeProto attribute(String name, float value) {
        return attribute(name, AttributeType.FLOAT).setF(value).build();
    }

    private static AttributeProto.Builder attribute(String name, AttributeType type) {
        return AttributeProto.newBuilder().setName(name).setType(type);
    }

    /**
     * Adds a node.
     *
     * @param name name of the node and of its output; a number is appended if the name is taken
     * @return the name of the output
     */
    String node(String type, String name, List<String> inputs, AttributeProto... attributes) {
        String unique = unique(name);
        graph.addNode(NodeProto.newBuilder()
                .setOpType(type)
                .setName(unique)
                .addAllInput(inputs)
                .addOutput(unique)
                .addAllAttribute(Arrays.asList(attributes)));
        return unique;
    }

    private String unique(String name) {
        String unique = name;
        for (int i = 2; !names.add(unique); i++) {
            unique = name + "_" + i;
        }
        return unique;
    }

    /** Adds a float32 tensor under its name, once. */
    String tensor(String name, TensorData data) {
        if (names.add(name)) {
            add(name, DataType.FLOAT, data.shape(), UnsafeByteOperations.unsafeWrap(data.data()));
        }
        return name;
    }

    /** Adds a constant of integers, shape [n]. */
    String constant(String name, long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.stream(values).forEach(bytes::putLong);
        return constant(name, DataType.INT64, List.of((long) values.length), bytes);
    }

    /** Adds a constant of float32 numbers. */
    String constant(String name, List<Long> shape, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return constant(name, DataType.FLOAT, shape, bytes);
    }

    /** Adds a constant of float64 numbers. */
    String constant(String name, List<Long> shape, double... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.stream(values).forEach(bytes::putDouble);
        return constant(name, DataType.DOUBLE, shape, bytes);
    }

    private String constant(String name, DataType type, List<Long> shape, ByteBuffer bytes) {
        String unique = unique(name);
        add(unique, type, shape, ByteString.copyFrom(bytes.flip()));
        return unique;
    }

    private void add(String name, DataType type, List<Long> shape, ByteString data) {
        graph.addInitializer(TensorProto.newBuilder()
                .setName(name)
                .setDataType(type.getNumber())
                .addAllDims(shape)
                .setRawData(data));
    }

    /** Declares an input of the graph; its name is taken before any node is added. */
    String input(ValueInfoProto.Builder input) {
        graph.addInput(input);
        return unique(input.getName());
    }

    void output(ValueInfoProto.Builder output) {
        graph.addOutput(output);
    }

    GraphProto.Builder proto() {
        return graph;
    }
}
