package io.github.resdensenet.engine;

import io.github.resdensenet.engine.Network.Addition;
import io.github.resdensenet.engine.Network.Concatenation;
import io.github.resdensenet.engine.Network.Convolution;
import io.github.resdensenet.engine.Network.Node;
import io.github.resdensenet.engine.Network.Normalization;
import io.github.resdensenet.engine.Network.Padding;
import io.github.resdensenet.engine.Network.Pooling;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.nn.Trace.Layer;
import io.github.resdensenet.nn.Trace.Layer.BatchNorm;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Finds the range of every value of a network on sample images, for {@link Quantization}.
 *
 * <p>Two passes over the same images: first {@link #measure} of all images finds the largest and smallest elements,
 * then {@link #count} of all images counts the elements between them. The limit of a value is the one with the smallest
 * mean squared error of 8 bits.
 */
public final class Calibration {
    private static final int BINS = 2048;
    private static final int LEVELS = 128;

    private final Network network;
    private final int imageSize;
    private final Map<Integer, float[]> low = new HashMap<>();
    private final Map<Integer, float[]> high = new HashMap<>();
    private final Map<Integer, double[]> counts = new HashMap<>();

    /**
     * Prepares the calibration of a model on the CPU.
     *
     * @param imageSize height and width of the images in pixels
     */
    public Calibration(ImageClassifier model, int imageSize) {
        this.network = Network.of(model, imageSize);
        this.imageSize = imageSize;
    }

    /** Receives the values of a forward pass. */
    private interface Visitor {
        void visit(int value, Tensor elements);
    }

    /**
     * First pass: the smallest and largest element of each channel.
     *
     * @param images float32 [N, 3, H, W] in CPU memory
     * @param n the number of images N
     */
    public void measure(Pointer images, int n) {
        forward(images, n, (value, elements) -> {
            merge(low, value, elements.amin(new long[] {0, 2, 3}, false), true);
            merge(high, value, elements.amax(new long[] {0, 2, 3}, false), false);
        });
    }

    private static void merge(Map<Integer, float[]> into, int value, Tensor batch, boolean smaller) {
        into.merge(value, Natives.values(batch.contiguous()), (a, b) -> {
            for (int c = 0; c < a.length; c++) {
                a[c] = smaller ? Math.min(a[c], b[c]) : Math.max(a[c], b[c]);
            }
            return a;
        });
    }

    /**
     * Second pass: how often elements of each size occur.
     *
     * @param images float32 [N, 3, H, W] in CPU memory, the same as in {@link #measure}
     * @param n the number of images N
     */
    public void count(Pointer images, int n) {
        forward(images, n, (value, elements) -> {
            double largest = largest(value);
            if (largest > 0) {
                Tensor histogram = elements.abs().histc(BINS, new Scalar(0.0), new Scalar(largest));
                float[] batch = Natives.values(histogram);
                double[] sums = counts.computeIfAbsent(value, key -> new double[BINS]);
                for (int i = 0; i < BINS; i++) {
                    sums[i] += batch[i];
                }
            }
        });
    }

    /** The result of both passes, with all convolutions in 8 bits. */
    public Quantization quantization() {
        Map<Integer, Quantization.Range> ranges = new HashMap<>();
        for (int value : low.keySet()) {
            float[] lows = Objects.requireNonNull(low.get(value));
            float[] highs = Objects.requireNonNull(high.get(value));
            ranges.put(value, new Quantization.Range(lows, highs, limit(value)));
        }
        return new Quantization(ranges, Set.of());
    }

    /** Dotted paths of the convolutions that can be computed in 8 bits, in execution order: all but the last layer. */
    public List<String> layers() {
        return network.nodes().stream()
                .filter(node -> node.output() != network.output())
                .filter(Convolution.class::isInstance)
                .map(node -> ((Convolution) node).name())
                .toList();
    }

    /** The smallest element of a value, or 0 if it has no negative ones. */
    private double smallest(int value) {
        double smallest = 0;
        for (float x : Objects.requireNonNull(low.get(value))) {
            smallest = Math.min(smallest, x);
        }
        return smallest;
    }

    /** The largest absolute value of the elements of a value. */
    private double largest(int value) {
        double largest = -smallest(value);
        for (float x : Objects.requireNonNull(high.get(value))) {
            largest = Math.max(largest, x);
        }
        return largest;
    }

    /** The limit with the smallest squared error: of elements above it, and of rounding those below it. */
    private float limit(int value) {
        double largest = largest(value);
        double[] histogram = counts.get(value);
        if (histogram == null) {
            return (float) largest;
        }
        boolean signed = smallest(value) < 0;
        double width = largest / BINS;
        double best = largest;
        double smallest = Double.POSITIVE_INFINITY;
        for (int bins = BINS / 8; bins <= BINS; bins += BINS / 128) {
            double limit = bins * width;
            double step = limit / (signed ? LEVELS - 1 : 2 * LEVELS - 1);
            double error = 0;
            for (int i = 0; i < BINS; i++) {
                double cut = Math.max(0, (i + 0.5) * width - limit);
                error += histogram[i] * (cut > 0 ? cut * cut : i == 0 ? 0 : step * step / 12);
            }
            if (error < smallest) {
                smallest = error;
                best = limit;
            }
        }
        return (float) best;
    }

    /**
     * One image at a time, because all values of an image are kept until its pass ends; on one thread, because the
     * operations on one image are too short to divide.
     */
    private void forward(Pointer images, int n, Visitor visitor) {
        long bytes = 3L * imageSize * imageSize * Float.BYTES;
        NativeSettings.onOneThread(() -> {
            for (int i = 0; i < n; i++) {
                forward(new Program.Address(images.address() + i * bytes), visitor);
            }
        });
    }

    private void forward(Pointer image, Visitor visitor) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            Map<Integer, Tensor> values = new HashMap<>();
            values.put(0, torch.from_blob(image, 1, 3, imageSize, imageSize));
            visit(visitor, 0, values);
            for (Node node : network.nodes()) {
                values.put(node.output(), compute(node, values));
                visit(visitor, node.output(), values);
            }
        }
    }

    private static void visit(Visitor visitor, int value, Map<Integer, Tensor> values) {
        try (PointerScope scope = new PointerScope()) {
            visitor.visit(value, Objects.requireNonNull(values.get(value)));
        }
    }

    private static Tensor compute(Node node, Map<Integer, Tensor> values) {
        Tensor x = Objects.requireNonNull(values.get(node.inputs().get(0)));
        if (node instanceof Convolution c) {
            Tensor weight = c.weight().view(c.weight().size(0), -1, c.kernel(), c.kernel());
            return new Layer.Convolution(c.kernel(), c.stride(), c.padding(), weight, c.bias()).convolve(x);
        } else if (node instanceof Normalization n) {
            BatchNorm bn = n.module();
            Tensor y = torch.batch_norm(
                    x,
                    new TensorOptional(bn.weight()),
                    new TensorOptional(bn.bias()),
                    new TensorOptional(bn.runningMean()),
                    new TensorOptional(bn.runningVar()),
                    false,
                    0,
                    bn.eps(),
                    false);
            return n.relu() ? y.relu() : y;
        } else if (node instanceof Pooling p) {
            long[] kernel = {p.kernelHeight(), p.kernelWidth()};
            long[] stride = {p.stride(), p.stride()};
            long[] padding = {p.padding(), p.padding()};
            return p.max()
                    ? torch.max_pool2d(x, kernel, stride, padding, new long[] {1, 1}, false)
                    : torch.avg_pool2d(x, kernel, stride, padding, false, false, new LongOptional());
        } else if (node instanceof Padding p) {
            long[] border = {p.border(), p.border(), p.border(), p.border()};
            return torch.constant_pad_nd(x, border);
        } else if (node instanceof Concatenation c) {
            Tensor[] parts = c.inputs().stream().map(values::get).toArray(Tensor[]::new);
            return torch.cat(new TensorVector(parts), 1);
        }
        Addition a = (Addition) node;
        return x.add(Objects.requireNonNull(values.get(a.inputs().get(1))));
    }
}
