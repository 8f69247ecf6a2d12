package io.github.resdensenet.compare;

import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.train.Recipe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * What is compared with what.
 *
 * @param data image folder, or "fashion3" for the built-in set
 * @param models architectures, of {@link ModelConfig#NAMES}
 * @param recipes "own" for each model's own training, "common" for the same training for all
 * @param fusions fusions of ResDenseNet, of {@link ModelConfig#FUSIONS}; other models have but one
 * @param seeds how often each is trained, with the seeds 0, 1, ...
 * @param epochs passes over the training pictures; 0 for as many as the recipes say
 * @param imageSize height and width in pixels; 0 is 64 for the built-in set and 224 else
 * @param changes other keys of the recipes; those of "model." are ResDenseNet's alone
 */
public record ComparisonOptions(
        String data,
        List<String> models,
        List<String> recipes,
        List<String> fusions,
        int seeds,
        int epochs,
        int imageSize,
        Map<String, String> changes) {
    /** The recipes that can be compared. */
    public static final List<String> RECIPES = List.of("own", "common");

    private static final List<String> TAKEN = List.of("model.name", "model.fusion", "train.seed");
    private static final String SIZED = "resdensenet";

    /**
     * Checks every value.
     *
     * @throws IllegalArgumentException naming the first option that is out of range
     */
    public ComparisonOptions {
        models = distinct("--models", models, ModelConfig.NAMES);
        recipes = distinct("--recipes", recipes, RECIPES);
        fusions = distinct("--fusions", fusions, ModelConfig.FUSIONS);
        changes = Map.copyOf(changes);
        if (seeds < 1 || seeds > 100) {
            throw new IllegalArgumentException("--seeds must be 1 to 100, got " + seeds);
        }
        if (epochs < 0) {
            throw new IllegalArgumentException("--epochs must be positive, got " + epochs);
        }
        for (String key : TAKEN) {
            if (changes.containsKey(key)) {
                throw new IllegalArgumentException(
                        "--set must be of a key that the comparison does not vary itself, got " + key);
            }
        }
        if (!fusions.equals(List.of("both")) && !models.contains(SIZED)) {
            throw new IllegalArgumentException(
                    "--fusions must be both without " + SIZED + " in --models, got " + fusions);
        }
    }

    private static List<String> distinct(String option, List<String> values, List<String> allowed) {
        if (values.isEmpty() || !allowed.containsAll(values) || new LinkedHashSet<>(values).size() < values.size()) {
            throw new IllegalArgumentException(option + " must be different ones of " + allowed + ", got " + values);
        }
        return List.copyOf(values);
    }

    /** Every training: recipe by recipe, model by model, fusion by fusion, seed by seed. */
    List<Cell> cells() {
        List<Cell> cells = new ArrayList<>();
        for (String recipe : recipes) {
            for (String model : models) {
                for (String fusion : model.equals(SIZED) ? fusions : List.of("both")) {
                    for (int seed = 0; seed < seeds; seed++) {
                        cells.add(new Cell(model, fusion, recipe, seed, recipe(model, fusion, recipe, seed)));
                    }
                }
            }
        }
        return cells;
    }

    private Recipe recipe(String model, String fusion, String recipe, int seed) {
        Map<String, String> all = new LinkedHashMap<>();
        changes.forEach((key, value) -> {
            if (model.equals(SIZED) || !key.startsWith("model.")) {
                all.put(key, value);
            }
        });
        all.put("model.fusion", fusion);
        all.put("train.seed", Integer.toString(seed));
        all.put("data.imageSize", Integer.toString(imageSize));
        if (epochs > 0) {
            all.put("train.epochs", Integer.toString(epochs));
        }
        Recipe base = Recipe.builtIn(recipe.equals("own") ? "default" : recipe, model);
        Recipe changed = base.with(all);
        return changed.withData(Path.of(data)).resolved();
    }

    /** The options as they are written on the command line. */
    Map<String, String> onCommandLine() {
        Map<String, String> options = new LinkedHashMap<>();
        options.put("--data", data);
        options.put("--models", String.join(",", models));
        options.put("--recipes", String.join(",", recipes));
        options.put("--fusions", String.join(",", fusions));
        options.put("--seeds", Integer.toString(seeds));
        options.put("--epochs", epochs == 0 ? "the recipes'" : Integer.toString(epochs));
        options.put("--image-size", imageSize == 0 ? "the default" : Integer.toString(imageSize));
        changes.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(change -> options.put("--set " + change.getKey(), change.getValue()));
        return options;
    }
}
