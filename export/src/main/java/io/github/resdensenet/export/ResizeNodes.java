package io.github.resdensenet.export;

import static io.github.resdensenet.export.OnnxGraph.attribute;

import io.github.resdensenet.proto.onnx.AttributeProto;
import io.github.resdensenet.proto.onnx.TensorProto.DataType;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.transforms.Preprocessing.ResizeMode;
import io.github.resdensenet.transforms.Resize;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Adds the resizing of a preprocessing to a graph. It gives exactly the pixels of {@link Preprocessing#input}, for images
 * of any size.
 *
 * <p>ONNX's operator Resize computes its weights in float32, which changes some pixels by one level. Here, the fixed-point
 * weights of both passes are computed in double precision, as a matrix per pass, and each pass is a product with this
 * matrix. All sums are whole numbers below 2^53 and therefore exact.
 *
 * <p>Cropping and padding are part of the matrices. Each row of a matrix makes one row or column of the network's input.
 * Those that a crop removes have no row, and the rows of the padding are 0, which is black.
 *
 * <p>{@link Resize} makes its vertical pass first for images more than 100 times as high as wide, and this graph does
 * not; single pixels of such images may differ by one level.
 */
final class ResizeNodes {
    private static final double ONE = 1 << 22;

    private final OnnxGraph graph;
    private final int size;
    private final ResizeMode mode;
    private final String zero;
    private final String one;
    private final String half;

    private ResizeNodes(OnnxGraph graph, Preprocessing preprocessing) {
        this.graph = graph;
        size = preprocessing.imageSize();
        mode = preprocessing.resize();
        zero = graph.float64("zero", List.of(), 0.0);
        one = graph.float64("one", List.of(), 1.0);
        half = graph.float64("half", List.of(), 0.5);
    }

    /**
     * Adds the nodes.
     *
     * @param images uint8 [batch, 3, height, width]
     * @return the name of the result, double [batch, 3, S, S] with whole numbers of 0 to 255, where S is the network's
     *     input size
     */
    static String add(OnnxGraph graph, String images, Preprocessing preprocessing) {
        ResizeNodes nodes = new ResizeNodes(graph, preprocessing);
        String kept = nodes.mode == ResizeMode.CROP ? nodes.limited(images) : images;
        String pixels = nodes.cast("pixels_double", kept);
        String columns = graph.node(
                "Transpose",
                "horizontal.weights",
                List.of(nodes.weights("horizontal", kept, 3)),
                attribute("perm", 1, 0));
        String narrow = nodes.pass("horizontal", pixels, columns);
        return nodes.pass("vertical", nodes.weights("vertical", kept, 2), narrow);
    }

    /** The middle of images that are too long. */
    private String limited(String images) {
        String sides = sides("limit", images);
        String shortSide = reduced("ReduceMin", "limit.short", sides);
        String longest = node(
                "Mul", "limit.longest", shortSide, graph.int64("most_aspect_ratio", Preprocessing.MOST_ASPECT_RATIO));
        String lengths = node("Min", "limit.lengths", sides, longest);
        String rest = node("Sub", "limit.rest", sides, lengths);
        String starts = node("Div", "limit.starts", rest, graph.int64("two", 2));
        String ends = node("Add", "limit.ends", starts, lengths);
        return node("Slice", "limited", images, starts, ends, graph.int64("sides_axes", 2, 3));
    }

    /** Height and width of images, int64 [2]. */
    private String sides(String name, String images) {
        return graph.node("Shape", name + ".sides", List.of(images), attribute("start", 2), attribute("end", 4));
    }

    private String reduced(String type, String name, String values) {
        return graph.node(type, name, List.of(values), attribute("keepdims", 1));
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
        String length = graph.node(
                "Shape",
                name + ".shape",
                List.of(images),
                attribute("start", dimension),
                attribute("end", dimension + 1));
        String n = cast(name + ".n", node("Squeeze", name + ".length", length));
        double[] rows = IntStream.range(0, size).mapToDouble(i -> i + 0.5).toArray();
        String outputs = graph.float64("outputs", List.of((long) size, 1L), rows);
        if (mode == ResizeMode.STRETCH) {
            return weights(name, n, graph.float64("size", List.of(), (double) size), outputs);
        }
        String resized = cast(name + ".resized", node("Squeeze", name + ".new_length", resized(name, images, length)));
        String margin = node("Sub", name + ".margin", resized, graph.float64("size", List.of(), (double) size));
        String halved = node("Mul", name + ".half_margin", margin, half);
        String first = mode == ResizeMode.CROP
                ? node("Round", name + ".first", halved) // to even, as Math.rint
                : node("Ceil", name + ".first", halved); // of a number that is 0 or negative
        String positions = node("Add", name + ".positions", outputs, first);
        String weights = weights(name, n, resized, positions);
        String inside = node(
                "And",
                name + ".inside",
                node("Greater", name + ".after_start", positions, zero),
                node("Less", name + ".before_end", positions, resized));
        return node("Where", name + ".placed", inside, weights, zero);
    }

    /** The length of a side after resizing without distortion, int64 [1]. */
    private String resized(String name, String images, String length) {
        String scaled = node("Mul", name + ".size_times_length", length, graph.int64("input_size", size));
        String sides = sides(name, images);
        return mode == ResizeMode.CROP
                ? node("Div", name + ".cropped_from", scaled, reduced("ReduceMin", name + ".short", sides))
                : node(
                        "Max",
                        name + ".at_least_1",
                        node("Div", name + ".padded_from", scaled, reduced("ReduceMax", name + ".long", sides)),
                        graph.int64("one_pixel", 1));
    }

    /**
     * The weights for some output positions.
     *
     * @param n length of the side before resizing, double
     * @param resized length of the side after resizing, double
     * @param positions centres of the output pixels after resizing, double [size, 1]
     */
    private String weights(String name, String n, String resized, String positions) {
        String scale = node("Div", name + ".scale", n, resized);
        String support = node("Max", name + ".support", scale, one);
        String filterScale = node("Div", name + ".filter_scale", one, support);
        String centers = node("Mul", name + ".centers", positions, scale);
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
