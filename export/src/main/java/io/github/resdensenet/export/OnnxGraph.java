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
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;

/** Builds an ONNX graph in which every node has one output, with the name of the node. */
final class OnnxGraph {
    private final GraphProto.Builder graph;
    private final Set<String> names = new HashSet<>();
    private final Map<String, TensorProto> tensors = new HashMap<>();

    OnnxGraph(String name) {
        graph = GraphProto.newBuilder().setName(name);
    }

    String name() {
        return graph.getName();
    }

    List<NodeProto> nodes() {
        return graph.getNodeList();
    }

    OnnxGraph copy() {
        OnnxGraph copy = new OnnxGraph(name());
        copy.append(this);
        return copy;
    }

    /** Adds the nodes and tensors of another graph, whose names must be new. */
    void append(OnnxGraph other) {
        for (String name : other.names) {
            if (!names.add(name)) {
                throw new IllegalArgumentException("name used twice: " + name);
            }
        }
        graph.addAllNode(other.graph.getNodeList());
        graph.addAllInitializer(other.graph.getInitializerList());
        tensors.putAll(other.tensors);
    }

    /** The only node that reads the output of a node; empty if several nodes, or none, read it. */
    Optional<NodeProto> onlyReader(NodeProto node) {
        List<NodeProto> readers = graph.getNodeList().stream()
                .filter(reader -> reader.getInputList().contains(node.getName()))
                .toList();
        return readers.size() == 1 ? Optional.of(readers.get(0)) : Optional.empty();
    }

    /** Whether all numbers of an attribute are this one. */
    static boolean isAll(NodeProto node, String attribute, long value) {
        return node.getAttributeList().stream()
                .filter(a -> a.getName().equals(attribute))
                .allMatch(a -> a.getIntsList().stream().allMatch(i -> i == value));
    }

    /** The numbers of a float32 tensor. */
    float[] floats(String tensor) {
        FloatBuffer data = bytes(tensor).asFloatBuffer();
        float[] numbers = new float[data.remaining()];
        data.get(numbers);
        return numbers;
    }

    /** The numbers of an int64 tensor. */
    long[] longs(String tensor) {
        LongBuffer data = bytes(tensor).asLongBuffer();
        long[] numbers = new long[data.remaining()];
        data.get(numbers);
        return numbers;
    }

    private ByteBuffer bytes(String tensor) {
        return find(tensor).getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The shape of a tensor. */
    List<Long> shape(String tensor) {
        return find(tensor).getDimsList();
    }

    private TensorProto find(String tensor) {
        return Objects.requireNonNull(tensors.get(tensor), tensor);
    }

    /** Adds a tensor of another graph under its name, once; does nothing if the other graph has no such tensor. */
    void copyTensor(OnnxGraph other, String name) {
        TensorProto tensor = other.tensors.get(name);
        if (tensor != null && names.add(name)) {
            add(tensor);
        }
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
    String int64(String name, long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.stream(values).forEach(bytes::putLong);
        return constant(name, DataType.INT64, List.of((long) values.length), bytes);
    }

    /** Adds a constant of float32 numbers. */
    String float32(String name, List<Long> shape, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return constant(name, DataType.FLOAT, shape, bytes);
    }

    /** Adds a constant of float64 numbers. */
    String float64(String name, List<Long> shape, double... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.stream(values).forEach(bytes::putDouble);
        return constant(name, DataType.DOUBLE, shape, bytes);
    }

    /** Adds a uint8 constant, a scalar. */
    String uint8(String name, byte value) {
        return constant(name, DataType.UINT8, List.of(), ByteBuffer.wrap(new byte[] {value}));
    }

    /** Adds an int8 constant. */
    String int8(String name, List<Long> shape, byte... values) {
        return constant(name, DataType.INT8, shape, ByteBuffer.wrap(values));
    }

    /** Adds an int32 constant, shape [n]. */
    String int32(String name, int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.stream(values).forEach(bytes::putInt);
        return constant(name, DataType.INT32, List.of((long) values.length), bytes.rewind());
    }

    private String constant(String name, DataType type, List<Long> shape, ByteBuffer bytes) {
        String unique = unique(name);
        add(unique, type, shape, ByteString.copyFrom(bytes.rewind()));
        return unique;
    }

    private void add(String name, DataType type, List<Long> shape, ByteString data) {
        add(TensorProto.newBuilder()
                .setName(name)
                .setDataType(type.getNumber())
                .addAllDims(shape)
                .setRawData(data)
                .build());
    }

    private void add(TensorProto tensor) {
        graph.addInitializer(tensor);
        tensors.put(tensor.getName(), tensor);
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
