package io.github.resdensenet.run;

import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.checkpoint.Safetensors;
import io.github.resdensenet.checkpoint.TensorData;
import io.github.resdensenet.checkpoint.WeightFile;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Pretrained weights, from a run folder or a weight file.
 *
 * @param tensors the tensors, by the names that the models here use
 * @param normalize the normalisation that the weights were trained with: the run's own, also in a safetensors file that
 *     was exported from it; -1 to 1 for a Keras file; ImageNet's mean and standard deviation otherwise
 * @param source the run folder or file
 */
public record Weights(Map<String, TensorData> tensors, Normalize normalize, Path source) {
    private static final String MEAN = "normalize.mean";
    private static final String STD = "normalize.std";

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
        return new Weights(file.tensors(), normalize(file, source), source);
    }

    private static Normalize normalize(WeightFile file, Path source) throws CheckpointException {
        if (file.format() == WeightFile.Format.KERAS) {
            return Normalize.MINUS_ONE_TO_ONE;
        }
        String mean = file.metadata().get(MEAN);
        String std = file.metadata().get(STD);
        if (mean == null || std == null) {
            return Normalize.IMAGENET;
        }
        try {
            return new Normalize(numbers(mean), numbers(std));
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(source + ": " + MEAN + " and " + STD + " must be 3 numbers each, got "
                    + Text.shorten(mean) + " and " + Text.shorten(std));
        }
    }

    private static List<Double> numbers(String text) {
        return Stream.of(text.split(" ", -1)).map(Double::valueOf).toList();
    }

    /** The weights of a checkpoint as a file to export, with the normalisation in its header. */
    public static Safetensors forExport(Checkpoint best) {
        Normalize normalize = best.manifest().preprocessing().normalize();
        return new Safetensors(
                best.weights().tensors(), Map.of(MEAN, text(normalize.mean()), STD, text(normalize.std())));
    }

    private static String text(List<Double> numbers) {
        return numbers.stream().map(String::valueOf).collect(Collectors.joining(" "));
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
