package io.github.resdensenet.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;

/**
 * The layer table of a model in the format of torchsummary. The table has one row per call of a module, in the order in
 * which the calls end. The model, {@code Sequential} and {@code ModuleList} have no rows.
 *
 * @param rows the rows of the table
 * @param params number of parameters (weights and biases)
 * @param trainable number of parameters that are not frozen
 * @param buffers number of values in buffers (running statistics and their counters)
 * @param macs multiply-accumulate operations for one image
 * @param imageSize height and width of the image in pixels
 */
public record Summary(List<Row> rows, long params, long trainable, long buffers, long macs, int imageSize) {
    private static final double MEBIBYTE = 1024.0 * 1024.0;
    private static final String LINE = "-".repeat(64);

    /**
     * One row of the table.
     *
     * @param layer class name and row number, for example "Conv2d-1"
     * @param shape output shape, with -1 as the batch size
     * @param params number of parameters of the module without its children
     */
    public record Row(String layer, List<Long> shape, long params) {}

    /** Creates the table of a model for an image size in pixels. The model runs once in evaluation mode. */
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

    /** Size of the outputs of all rows and their gradients for one image as float32, in MiB. */
    public double passMegabytes() {
        long values = 0;
        for (Row row : rows) {
            values += row.shape().stream().skip(1).reduce(1L, (a, b) -> a * b);
        }
        return 2.0 * values * 4 / MEBIBYTE;
    }

    /** Size of the parameters as float32, in MiB. */
    public double paramsMegabytes() {
        return params * 4.0 / MEBIBYTE;
    }

    /** The table as torchsummary prints it, followed by a line with the multiply-accumulate operations. */
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
        out.append(String.format(Locale.ROOT, "%20s  %25s %15s\n", layer, shape, params));
    }

    private static void total(StringBuilder out, String format, Object value) {
        out.append(String.format(Locale.ROOT, format, value)).append('\n');
    }
}
