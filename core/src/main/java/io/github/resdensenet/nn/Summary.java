package io.github.resdensenet.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;

/**
 * The layer table of a model by the rules of torchsummary: one row for each call of a module that is neither the model
 * nor a {@code Sequential} or {@code ModuleList}, in the order in which the calls end.
 *
 * @param rows the table
 * @param params trained values (weights and biases)
 * @param trainable those of them that training changes
 * @param buffers saved values that are not trained (running statistics and their counters)
 * @param macs multiplications of weights and inputs for one image
 * @param imageSize height and width of the image in pixels
 */
public record Summary(List<Row> rows, long params, long trainable, long buffers, long macs, int imageSize) {
    private static final double MEBIBYTE = 1024.0 * 1024.0;
    private static final String LINE = "-".repeat(64);

    /**
     * One row.
     *
     * @param layer class name and running number, as in "Conv2d-1"
     * @param shape output shape, with -1 for the batch
     * @param params trained values of the module itself
     */
    public record Row(String layer, List<Long> shape, long params) {}

    /** Runs the model once and tabulates it. */
    public static Summary of(ImageClassifier model, int imageSize) {
        List<Row> rows = new ArrayList<>();
        long macs = 0;
        for (Trace.Operation op : Trace.of(model, imageSize)) {
            Module module = op.module();
            if (module == null || module == model || module instanceof Sequential) {
                continue;
            }
            List<Long> shape = new ArrayList<>(op.shape());
            shape.set(0, -1L);
            rows.add(new Row(op.type() + "-" + (rows.size() + 1), shape, module.ownParameterCount()));
            if (module instanceof Conv2d conv) {
                macs += conv.macs(op.shape().get(2), op.shape().get(3));
            } else if (module instanceof Linear linear) {
                macs += linear.macs();
            }
        }
        long params = model.parameterCount();
        long trainable = model.namedParameters().values().stream()
                .filter(Tensor::requires_grad)
                .mapToLong(Tensor::numel)
                .sum();
        long all = model.stateDict().values().stream().mapToLong(Tensor::numel).sum();
        return new Summary(List.copyOf(rows), params, trainable, all - params, macs, imageSize);
    }

    /** Size of one input image as float32, in MiB. */
    public double inputMegabytes() {
        return 3.0 * imageSize * imageSize * 4 / MEBIBYTE;
    }

    /** Size of every row's output for one image, forward and backward, in MiB. */
    public double passMegabytes() {
        long values = 0;
        for (Row row : rows) {
            values += row.shape().stream().skip(1).reduce(1L, (a, b) -> a * b);
        }
        return 2.0 * values * 4 / MEBIBYTE;
    }

    /** Size of the trained values as float32, in MiB. */
    public double paramsMegabytes() {
        return params * 4.0 / MEBIBYTE;
    }

    /** The table as torchsummary prints it, with a last line for the multiply-accumulate operations. */
    @Override
    public String toString() {
        StringBuilder out = new StringBuilder(LINE).append('\n');
        row(out, "Layer (type)", "Output Shape", "Param #");
        out.append("=".repeat(64)).append('\n');
        for (Row row : rows) {
            row(out, row.layer(), row.shape().toString(), String.format(Locale.ROOT, "%,d", row.params()));
        }
        out.append("=".repeat(64)).append('\n');
        total(out, "Total params: %,d", params);
        total(out, "Trainable params: %,d", trainable);
        total(out, "Non-trainable params: %,d", params - trainable);
        out.append(LINE).append('\n');
        total(out, "Input size (MB): %.2f", inputMegabytes());
        total(out, "Forward/backward pass size (MB): %.2f", passMegabytes());
        total(out, "Params size (MB): %.2f", paramsMegabytes());
        total(out, "Estimated Total Size (MB): %.2f", inputMegabytes() + passMegabytes() + paramsMegabytes());
        out.append(LINE).append('\n');
        total(out, "Multiply-accumulates per image: %,d", macs);
        return out.toString();
    }

    private static void row(StringBuilder out, String layer, String shape, String params) {
        out.append(String.format(Locale.ROOT, "%20s  %25s %15s%n", layer, shape, params));
    }

    private static void total(StringBuilder out, String format, Object value) {
        out.append(String.format(Locale.ROOT, format, value)).append('\n');
    }
}
