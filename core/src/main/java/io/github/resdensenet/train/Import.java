package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.AtomicFiles;
import io.github.resdensenet.checkpoint.Checkpoint;
import io.github.resdensenet.checkpoint.Manifest;
import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.checkpoint.Safetensors;
import io.github.resdensenet.checkpoint.Weights;
import io.github.resdensenet.data.SplitFile;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.transforms.Preprocessing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import tools.jackson.databind.json.JsonMapper;

/** Makes a run folder out of weights that were trained elsewhere, so that every command takes them. */
public final class Import {
    private Import() {}

    /**
     * Makes the folder. Pictures will be prepared as the recipe and the weights say: its image size (0 is 224) and their
     * normalisation.
     *
     * @param weights all tensors of the recipe's model
     * @param classes class names by index
     * @throws IOException if the weights do not fit the model, naming the differences, or the folder cannot be made
     */
    public static Run run(Weights weights, Recipe recipe, List<String> classes, Path out) throws IOException {
        if (new TreeSet<>(classes).size() < classes.size() || classes.stream().anyMatch(String::isBlank)) {
            throw new IllegalArgumentException("--classes must be names that differ, got " + String.join(",", classes));
        }
        Recipe sized = recipe.data().imageSize() == 0 ? recipe.with("data.imageSize", "224") : recipe;
        try (ImageClassifier model = Models.create(sized.model(), classes.size(), 0)) {
            weights.load(model);
            Manifest manifest = new Manifest(
                    sized.model(),
                    classes,
                    new Preprocessing(sized.data().imageSize(), weights.normalize()),
                    "",
                    sized.toYaml(),
                    "",
                    Manifest.Progress.start(0, ""),
                    List.of(),
                    Environment.describe("none", "cpu"));
            Checkpoint checkpoint = new Checkpoint(
                    manifest,
                    new Safetensors(ModelState.of(model), Map.of()),
                    new Safetensors(Map.of(), Map.of("step", "0")));
            Run run = Run.create(out, checkpoint, Map.of("recipe.yaml", sized.toYaml(), "split.csv", SplitFile.HEAD));
            run.saveBest(checkpoint);
            run.writePth(checkpoint);
            AtomicFiles.write(
                    run.file("metrics.json"),
                    JsonMapper.shared()
                                    .writeValueAsString(Map.of(
                                            "imported_from", weights.source().toString())) + "\n");
            return run;
        }
    }
}
