package io.github.resdensenet.run;

import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.checkpoint.TensorData;
import io.github.resdensenet.checkpoint.WeightFile;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.transforms.Normalize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Pretrained weights, from a run folder or a weight file.
 *
 * @param tensors the tensors, by the names that the models here use
 * @param normalize the normalisation that the weights were trained with: the run's own, -1 to 1 for a Keras file,
 *     ImageNet's mean and standard deviation otherwise
 * @param source the run folder or file
 */
public record Weights(Map<String, TensorData> tensors, Normalize normalize, Path source) {
    /**
     * Reads weights.
     *
     * @param source a run folder, of which the best checkpoint is read, or a weight file
     * @throws CheckpointException if the source is neither, or is corrupt
     */
    public static Weights read(Path source) throws IOException {
        return read(source, "", "");
    }

    /**
     * Reads weights.
     *
     * @param key position of the tensors in a {@code .pth} file: names of nested dicts, joined by dots; "" for the top
     *     level
     * @param strip a prefix to remove from every name of a {@code .pth} file that has it; "" for none
     */
    public static Weights read(Path source, String key, String strip) throws IOException {
        if (Files.isDirectory(source)) {
            Checkpoint best = Run.open(source).readModel();
            return new Weights(
                    best.weights().tensors(), best.manifest().preprocessing().normalize(), source);
        }
        WeightFile file = WeightFile.read(source, key, strip);
        Normalize normalize =
                file.format() == WeightFile.Format.KERAS ? Normalize.MINUS_ONE_TO_ONE : Normalize.IMAGENET;
        return new Weights(file.tensors(), normalize, source);
    }

    /**
     * Creates a run folder from these weights, so that every command accepts them. Its preprocessing uses the image
     * size of the recipe (0 means 224) and the normalisation of the weights.
     *
     * @param classes class names by index
     * @param out the folder to create
     * @throws IOException if the weights do not fit the recipe's model, naming the differences, or the folder exists
     */
    public Run createRun(Recipe recipe, List<String> classes, Path out) throws IOException {
        return ImportedRun.run(this, recipe, classes, out);
    }

    /**
     * Copies the weights into a model.
     *
     * @throws CheckpointException listing names that are missing, unexpected or of a different shape
     */
    public void load(ImageClassifier model) throws CheckpointException {
        ModelState.load(model, tensors, source);
    }

    /**
     * Copies all weights except the head's into a model; the head keeps its own.
     *
     * @throws CheckpointException listing names that are missing, unexpected or of a different shape
     */
    public void loadBackbone(ImageClassifier model) throws CheckpointException {
        Map<String, TensorData> backbone = new TreeMap<>(tensors);
        ModelState.of(model).forEach((name, own) -> {
            if (name.startsWith(model.headName() + ".")) {
                backbone.put(name, own);
            }
        });
        ModelState.load(model, backbone, source);
    }
}
