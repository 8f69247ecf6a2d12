package io.github.resdensenet.run;

import io.github.resdensenet.checkpoint.Safetensors;
import io.github.resdensenet.data.SplitFile;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.util.AtomicFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import tools.jackson.databind.json.JsonMapper;

/** Creates a run folder from imported weights, so that every command accepts them. */
final class ImportedRun {
    private ImportedRun() {}

    /**
     * Creates the run folder. Its preprocessing uses the image size of the recipe (0 means 224) and the normalisation
     * of the weights.
     *
     * @param weights all tensors of the recipe's model
     * @param classes class names by index
     * @param out the folder to create
     * @throws IOException if the weights do not fit the model, naming the differences, or the folder cannot be created
     * @throws IllegalArgumentException if class names are blank or not distinct
     */
    static Run run(Weights weights, Recipe recipe, List<String> classes, Path out) throws IOException {
        if (new TreeSet<>(classes).size() < classes.size() || classes.stream().anyMatch(String::isBlank)) {
            throw new IllegalArgumentException(
                    "--classes must be distinct, non-blank names, got " + String.join(",", classes));
        }
        Recipe sized = recipe.data().imageSize() <= 0 ? recipe.with("data.imageSize", "224") : recipe;
        try (ImageClassifier model = Models.createWithoutWeights(sized.model(), classes.size())) {
            if (sized.data().imageSize() < model.minImageSize()) {
                throw new IllegalArgumentException("--image-size must be at least " + model.minImageSize() + " for "
                        + sized.model().name() + ", got " + sized.data().imageSize());
            }
            weights.load(model);
            Manifest manifest = new Manifest(
                    sized.model(),
                    classes,
                    new Preprocessing(
                            sized.data().imageSize(),
                            weights.normalize(),
                            sized.data().upright(),
                            sized.data().resize()),
                    "",
                    sized.toYaml(),
                    "",
                    Manifest.Progress.start(0, ""),
                    List.of(),
                    Environment.describe("none", "cpu"));
            Checkpoint checkpoint = Checkpoint.of(manifest, model, new Safetensors(Map.of(), Map.of("step", "0")));
            Run run = Run.create(out, checkpoint, Map.of("recipe.yaml", sized.toYaml(), "split.csv", SplitFile.EMPTY));
            try {
                run.saveBest(checkpoint);
                run.writePth(checkpoint);
                AtomicFiles.write(
                        run.file("metrics.json"),
                        JsonMapper.shared()
                                        .writeValueAsString(Map.of(
                                                "imported_from",
                                                weights.source().toString())) + "\n");
            } catch (IOException e) {
                AtomicFiles.deleteTree(out);
                throw e;
            }
            return run;
        }
    }
}
