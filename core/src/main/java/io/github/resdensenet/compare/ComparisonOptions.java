package io.github.resdensenet.compare;

import io.github.resdensenet.data.BuiltInData;
import io.github.resdensenet.data.ImageFolder;
import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.nn.ablation.Fusion;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.util.Choices;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The options of a {@link Comparison}: models, recipes, fusion variants, seeds and data.
 *
 * @param data image folder, or "fashion3" for the built-in set
 * @param models labels of {@link Architecture}
 * @param recipes "own" for each model's own settings, "common" for the same settings for every model
 * @param fusions labels of {@link Fusion}, the variants of ResDenseNet; other models have no variants
 * @param seeds number of training runs per model and recipe, with the seeds 0, 1, ...
 * @param folds folds of the cross-validation of each seed, of which each is the test set once; 0 for one test set
 * @param epochs passes over the training set; 0 uses the number in the recipes
 * @param imageSize image height and width in pixels; 0 is 64 for the built-in set and otherwise as in the recipes
 * @param changes values of other recipe keys; keys of "model." apply to ResDenseNet only
 * @param margin difference of accuracy in percentage points, below which two models count as equivalent; 0 for no test
 *     of equivalence. Only the report depends on it
 */
public record ComparisonOptions(
        String data,
        List<String> models,
        List<String> recipes,
        List<String> fusions,
        int seeds,
        int folds,
        int epochs,
        int imageSize,
        Map<String, String> changes,
        double margin) {
    /** The allowed values of {@code recipes}. */
    public static final List<String> RECIPES = List.of("own", "common");

    private static final List<String> TAKEN = List.of("model.name", "model.fusion", "train.seed");
    private static final String SIZED = "resdensenet";
    private static final int MOST_FOLDS = 100;

    /**
     * Checks every value.
     *
     * @throws IllegalArgumentException if an option is out of range; the message names the first one
     */
    public ComparisonOptions {
        models = distinct("--models", models, Choices.labels(Architecture.class));
        recipes = distinct("--recipes", recipes, RECIPES);
        fusions = distinct("--fusions", fusions, Choices.labels(Fusion.class));
        changes = Map.copyOf(changes);
        if (seeds < 1 || seeds > 100) {
            throw new IllegalArgumentException("--seeds must be 1 to 100, got " + seeds);
        }
        if (folds != 0 && (folds < 2 || folds > MOST_FOLDS)) {
            throw new IllegalArgumentException("--folds must be 0, or 2 to " + MOST_FOLDS + ", got " + folds);
        }
        if (imageSize < 0) {
            throw new IllegalArgumentException("--image-size must be positive, got " + imageSize);
        }
        if (epochs < 0) {
            throw new IllegalArgumentException("--epochs must be positive, or 0 to use the recipes, got " + epochs);
        }
        if (!(margin >= 0 && margin < 100)) {
            throw new IllegalArgumentException("--margin must be 0 to below 100 percentage points, got " + margin);
        }
        for (String key : TAKEN) {
            if (changes.containsKey(key)) {
                throw new IllegalArgumentException(
                        "--set must not change " + String.join(", ", TAKEN) + ": the comparison sets them, got " + key);
            }
        }
        for (String key : List.of("data.folds", "data.fold")) {
            if (changes.containsKey(key)) {
                throw new IllegalArgumentException("--set must not change " + key + "; use --folds");
            }
        }
        if (!fusions.equals(List.of("both")) && !models.contains(SIZED)) {
            throw new IllegalArgumentException(
                    "--fusions must be both unless --models includes " + SIZED + ", got " + fusions);
        }
    }

    /** Creates options without a test of equivalence. */
    public ComparisonOptions(
            String data,
            List<String> models,
            List<String> recipes,
            List<String> fusions,
            int seeds,
            int folds,
            int epochs,
            int imageSize,
            Map<String, String> changes) {
        this(data, models, recipes, fusions, seeds, folds, epochs, imageSize, changes, 0);
    }

    private static List<String> distinct(String option, List<String> values, List<String> allowed) {
        if (values.isEmpty() || !allowed.containsAll(values) || new LinkedHashSet<>(values).size() < values.size()) {
            throw new IllegalArgumentException(option + " must be distinct values of " + allowed + ", got " + values);
        }
        return List.copyOf(values);
    }

    /**
     * All combinations, ordered by recipe, model, fusion and seed.
     *
     * @param log receives a line that says why an image size was chosen
     * @throws IOException if the image size depends on the images and they cannot be read
     */
    List<Cell> cells(Consumer<String> log) throws IOException {
        List<Cell> cells = new ArrayList<>();
        int fitting = 0;
        for (String recipe : recipes) {
            for (String model : models) {
                for (String fusion : model.equals(SIZED) ? fusions : List.of("both")) {
                    for (int seed = 0; seed < seeds; seed++) {
                        Recipe changed = recipe(model, fusion, recipe, seed);
                        if (changed.data().imageSize() == Recipe.Data.AUTO_SIZE && !data.equals(BuiltInData.FASHION3)) {
                            fitting = fitting > 0 ? fitting : fittingSize(changed, log);
                            changed = changed.with("data.imageSize", Integer.toString(fitting));
                        }
                        cells.add(new Cell(model, fusion, recipe, seed, changed.resolved()));
                    }
                }
            }
        }
        return cells;
    }

    private static int fittingSize(Recipe recipe, Consumer<String> log) throws IOException {
        ImageFolder images = ImageFolder.open(recipe.data().folder());
        return recipe.resolved(images, log).data().imageSize();
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
        all.put("data.folds", Integer.toString(folds));
        if (imageSize > 0) {
            all.put("data.imageSize", Integer.toString(imageSize));
        }
        if (epochs > 0) {
            all.put("train.epochs", Integer.toString(epochs));
        }
        Recipe base = Recipe.builtIn(recipe.equals("own") ? "default" : recipe, Architecture.of(model));
        return base.with(all).withData(Path.of(data));
    }

    /** The options that the training runs depend on, by their names on the command line. */
    Map<String, String> onCommandLine() {
        Map<String, String> options = new LinkedHashMap<>();
        options.put("--data", data);
        options.put("--models", String.join(",", models));
        options.put("--recipes", String.join(",", recipes));
        options.put("--fusions", String.join(",", fusions));
        options.put("--seeds", Integer.toString(seeds));
        if (folds > 0) {
            options.put("--folds", Integer.toString(folds));
        }
        options.put("--epochs", epochs == 0 ? "the recipes'" : Integer.toString(epochs));
        options.put("--image-size", imageSize == 0 ? "the default" : Integer.toString(imageSize));
        changes.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(change -> options.put("--set " + change.getKey(), change.getValue()));
        return options;
    }
}
