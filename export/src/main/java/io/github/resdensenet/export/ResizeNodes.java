package io.github.resdensenet.export;

import static io.github.resdensenet.export.OnnxGraph.attribute;

import io.github.resdensenet.proto.onnx.AttributeProto;
import io.github.resdensenet.proto.onnx.TensorProto.DataType;
import io.github.resdensenet.transforms.Resize;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Adds a resize to a graph that gives exactly the pixels of {@link Resize}, for images of any size.
 *
 * <p>ONNX's operator Resize computes its weights in float32, which changes some pixels by one level. Here, the fixed-point weights of both passes are computed in double precision, as a matrix per pass, and each pass is a product
 * with this matrix. All sums are whole numbers below 2^53 and therefore exact.
 *
 * <p>{@link Resize} makes its vertical pass first for images more than 100 times as high as wide, and this graph does
 * not; single pixels of such images may differ by one level.
 */
final class ResizeNodes {
    private static final double ONE = 1 << 22;

    private final OnnxGraph graph;
    private final int size;
    private final String zero;
    private final String one;
    private final String half;

    private ResizeNodes(OnnxGraph graph, int size) {
        this.graph = graph;
        this.size = size;
        zero = graph.float64("zero", List.of(), 0.0);
        one = graph.float64("one", List.of(), 1.0);
        half = graph.float64("half", List.of(), 0.5);
    }

    /**
     * Adds the nodes.
     *
     * @param images uint8 [batch, 3, height, width]
     * @param size height and width of the result
     * @return the name of the result, double [batch, 3, size, size] with whole numbers of 0 to 255
     */
    static String add(OnnxGraph graph, String images, int size) {
        ResizeNodes nodes = new ResizeNodes(graph, size);
        String pixels = nodes.cast("pixels_double", images);
        String columns = graph.node(
                "Transpose",
                "horizontal.weights",
                List.of(nodes.weights("horizontal", images, 3)),
                attribute("perm", 1, 0));
        String narrow = nodes.pass("horizontal", pixels, columns);
        return nodes.pass("vertical", nodes.weights("vertical", images, 2), narrow);
    }

    private String cast(String name, String value) {
        return graph.node("Cast", name, List.of(value), attribute("to", DataType.DOUBLE.getNumber()));
    }

    private String node(String type, String name, String... inputs) {
        return graph.node(type, name, List.of(inputs), new AttributeProto[0]);
    }

    /** A product with a matrix of fixed-point weights, rounded to whole levels. */
    private String pass(String name, String left, String right) {
        String sums = node("MatMul", name + ".sums", left, right);
        String shifted = node("Add", name + ".shifted", sums, graph.float64("rounding", List.of(), ONE / 2));
        return node(
                "Floor",
                name + ".pixels",
                node("Mul", name + ".scaled", shifted, graph.float64("unit", List.of(), 1 / ONE)));
    }

    /**
     * The fixed-point weights of a pass, [size, n], where n is a dimension of the images. The operations and their order
     * are those of {@link Resize}, so that every weight is the same.
     */
    private String weights(String name, String images, int dimension) {
        String shape = graph.node(
                "Shape",
                name + ".shape",
                List.of(images),
                attribute("start", dimension),
                attribute("end", dimension + 1));
        String n = cast(name + ".n", node("Squeeze", name + ".length", shape));
        String scale = node("Div", name + ".scale", n, graph.float64("size", List.of(), (double) size));
        String support = node("Max", name + ".support", scale, one);
        String filterScale = node("Div", name + ".filter_scale", one, support);
        double[] outputs = IntStream.range(0, size).mapToDouble(i -> i + 0.5).toArray();
        String centers =
                node("Mul", name + ".centers", graph.float64("outputs", List.of((long) size, 1L), outputs), scale);
        String inputs = node("Range", name + ".inputs", zero, n, one);
        String offsets = node("Add", name + ".offsets", node("Sub", name + ".from_center", inputs, centers), half);
        String distances = node("Abs", name + ".distances", node("Mul", name + ".relative", offsets, filterScale));
        String triangle = node("Max", name + ".triangle", node("Sub", name + ".closeness", one, distances), zero);
        String sums = graph.node(
                "ReduceSum",
                name + ".triangle_sums",
                List.of(triangle, graph.int64("inputs_axis", 1)),
                attribute("keepdims", 1));
        String fractions = node("Div", name + ".fractions", triangle, sums);
        String fixed = node("Mul", name + ".fixed", fractions, graph.float64("fixed_point", List.of(), ONE));
        return node("Floor", name + ".rows", node("Add", name + ".rounded", fixed, half));
    }
}
