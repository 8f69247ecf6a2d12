package io.github.resdensenet.export;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Trace;
import io.github.resdensenet.nn.Trace.Layer;
import io.github.resdensenet.nn.Trace.Operation;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** The forward function of a network in TorchScript, one statement per operation. */
final class TorchScriptCode {
    private final IdentityHashMap<Tensor, String> tensors = new IdentityHashMap<>();

    private TorchScriptCode(ImageClassifier model) {
        model.stateDict().forEach((name, tensor) -> tensors.put(tensor, expression(name)));
    }

    static String forward(ImageClassifier model, int imageSize) {
        TorchScriptCode code = new TorchScriptCode(model);
        StringBuilder text = new StringBuilder("def forward(self, x: Tensor) -> Tensor:\n");
        List<Operation> operations = Trace.leaves(model, imageSize);
        for (Operation operation : operations) {
            text.append("    ")
                    .append(value(operation.output()))
                    .append(" = ")
                    .append(code.call(operation))
                    .append('\n');
        }
        return text.append("    return ")
                .append(value(operations.get(operations.size() - 1).output()))
                .append('\n')
                .toString();
    }

    private static String value(int number) {
        return number == 0 ? "x" : "v" + number;
    }

    /** A tensor by its name in the state dict. Names such as "0" are no identifiers, so all use getattr. */
    private static String expression(String name) {
        String expression = "self";
        for (String part : name.split("\\.", -1)) {
            expression = "getattr(" + expression + ", \"" + part + "\")";
        }
        return expression;
    }

    private String tensor(@Nullable Tensor tensor) {
        return tensor == null ? "None" : Objects.requireNonNull(tensors.get(tensor));
    }

    private String call(Operation operation) {
        String x = value(operation.inputs().get(0));
        if (operation.layer() instanceof Layer.Convolution conv) {
            return "torch.conv2d(%s, %s, %s, %s, %s, [1, 1], 1)"
                    .formatted(
                            x, tensor(conv.weight()), tensor(conv.bias()), pair(conv.stride()), pair(conv.padding()));
        } else if (operation.layer() instanceof Layer.Linear linear) {
            return "torch.linear(%s, %s, %s)".formatted(x, tensor(linear.weight()), tensor(linear.bias()));
        } else if (operation.layer() instanceof Layer.BatchNorm bn) {
            return "torch.batch_norm(%s, %s, %s, %s, %s, False, 0.0, %s, False)"
                    .formatted(
                            x,
                            tensor(bn.weight()),
                            tensor(bn.bias()),
                            tensor(bn.runningMean()),
                            tensor(bn.runningVar()),
                            bn.eps());
        } else if (operation.layer() instanceof Layer.Pooling pool) {
            return "torch.%s(%s, %s, %s, %s)"
                    .formatted(
                            pool.max() ? "max_pool2d" : "avg_pool2d",
                            x,
                            pair(pool.kernelSize()),
                            pair(pool.stride()),
                            pair(pool.padding()));
        } else if (operation.layer() instanceof Layer.ZeroPadding zeros) {
            int n = zeros.padding();
            return "torch.constant_pad_nd(%s, [%s, %s, %s, %s], 0.0)".formatted(x, n, n, n, n);
        }
        String inputs = operation.inputs().stream().map(TorchScriptCode::value).collect(Collectors.joining(", "));
        return switch (operation.type()) {
            case "relu", "ReLU" -> "torch.relu(" + inputs + ")";
            case "cat" -> "torch.cat([" + inputs + "], 1)";
            case "add" -> "torch.add(" + inputs + ")";
            case "globalAveragePool" -> "torch.flatten(torch.adaptive_avg_pool2d(" + x + ", [1, 1]), 1)";
            default -> throw new UnsupportedOperationException("TorchScript export of " + operation.type());
        };
    }

    private static String pair(int n) {
        return "[" + n + ", " + n + "]";
    }
}
