package io.github.resdensenet.testkit;

import io.github.resdensenet.nn.ImageClassifier;
import io.jhdf.HdfFile;
import io.jhdf.WritableHdfFile;
import io.jhdf.api.WritableGroup;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Writes weight files in the layout of Keras 2. */
public final class KerasFiles {
    private KerasFiles() {}

    /** Writes a model whose tensor names are {@code layer.name}, where the name is PyTorch's, such as weight. */
    public static Path write(Path file, ImageClassifier model) {
        Map<String, WritableGroup> layers = new HashMap<>();
        try (WritableHdfFile hdf = HdfFile.write(file)) {
            model.stateDict().forEach((name, tensor) -> {
                String layer = name.substring(0, name.indexOf('.'));
                String variable = variable(name.substring(name.indexOf('.') + 1), layer.endsWith("_bn"));
                if (!variable.isEmpty()) {
                    layers.computeIfAbsent(layer, key -> hdf.putGroup(key).putGroup(key))
                            .putDataset(variable + ":0", array(tensor));
                }
            });
        }
        return file;
    }

    private static String variable(String name, boolean normalisation) {
        return switch (name) {
            case "weight" -> normalisation ? "gamma" : "kernel";
            case "bias" -> normalisation ? "beta" : "bias";
            case "running_mean" -> "moving_mean";
            case "running_var" -> "moving_variance";
            default -> "";
        };
    }

    /** Converts a tensor to the layout of Keras: [out, in, h, w] to [h][w][in][out], [out, in] to [in][out]. */
    private static Object array(Tensor tensor) {
        double[] values = TestModels.values(tensor);
        long[] shape = tensor.shape();
        int out = (int) shape[0];
        if (shape.length == 1) {
            float[] array = new float[out];
            for (int o = 0; o < out; o++) {
                array[o] = (float) values[o];
            }
            return array;
        }
        int in = (int) shape[1];
        int height = shape.length == 2 ? 1 : (int) shape[2];
        int width = shape.length == 2 ? 1 : (int) shape[3];
        float[][][][] array = new float[height][width][in][out];
        for (int i = 0; i < values.length; i++) {
            int pixel = i % (height * width);
            array[pixel / width][pixel % width][i / (height * width) % in][i / (height * width * in)] =
                    (float) values[i];
        }
        return shape.length == 2 ? array[0][0] : array;
    }
}
