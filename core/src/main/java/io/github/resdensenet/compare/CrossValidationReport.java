package io.github.resdensenet.compare;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.Evaluation.ClassMetrics;
import io.github.resdensenet.report.CrossValidationPage;
import io.github.resdensenet.report.CrossValidationPage.Fold;
import io.github.resdensenet.report.CrossValidationPage.Spread;
import io.github.resdensenet.report.Numbers;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Csv;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Writes the results of a cross-validation as CSV, HTML and JSON. */
final class CrossValidationReport {
    private static final int FEW = 30;

    private final OutOfFold results;
    private final Evaluation evaluation;
    private final Recipe recipe;
    private final Path folder;
    private final @Nullable Path init;
    private final boolean newHead;
    private final List<Fold> folds;
    private final Spread spread;

    CrossValidationReport(OutOfFold results, Recipe recipe, Path folder, @Nullable Path init, boolean newHead) {
        this.results = results;
        this.evaluation = results.evaluation();
        this.recipe = recipe;
        this.folder = folder;
        this.init = init;
        this.newHead = newHead;
        this.folds = results.rows();
        this.spread = Spread.of(folds.stream().map(Fold::accuracy).toList());
    }

    void write() throws IOException {
        AtomicFiles.write(folder.resolve("predictions.csv"), results.csv());
        AtomicFiles.write(folder.resolve("folds.csv"), foldsCsv());
        AtomicFiles.write(folder.resolve("crossval.html"), page().html());
        AtomicFiles.write(
                folder.resolve("crossval.json"),
                JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(json()) + "\n");
    }

    private List<Map<String, Object>> rows() {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Fold fold : folds) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("fold", rows.size());
            fields.put("train", fold.train());
            fields.put("val", fold.val());
            fields.put("test", fold.test());
            fields.put("best_epoch", fold.bestEpoch());
            fields.put("temperature", fold.temperature());
            fields.put("accuracy", fold.accuracy());
            fields.put("accuracy_low", fold.interval().low());
            fields.put("accuracy_high", fold.interval().high());
            rows.add(fields);
        }
        return rows;
    }

    private String foldsCsv() {
        List<Map<String, Object>> rows = rows();
        StringBuilder text = new StringBuilder(Csv.line(List.copyOf(rows.get(0).keySet())));
        rows.forEach(row ->
                text.append(Csv.line(row.values().stream().map(String::valueOf).toList())));
        return text.toString();
    }

    private Map<String, Object> json() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("model", recipe.model().name().toString());
        fields.put("data", recipe.data().path());
        fields.put("image_size", recipe.data().imageSize());
        fields.put("seed", recipe.train().seed());
        fields.put("folds", folds.size());
        fields.put("command", command());
        fields.put("fold_accuracy_mean", spread.mean());
        fields.put("fold_accuracy_std", spread.deviation());
        fields.put("per_fold", rows());
        fields.putAll(evaluation.json("out-of-fold"));
        fields.remove("temperature"); // each fold has its own
        fields.remove("reliability_raw");
        fields.put("calibrated", results.isCalibrated());
        return fields;
    }

    private CrossValidationPage page() throws IOException {
        String data = recipe.data().path();
        return new CrossValidationPage(
                recipe.model().title(),
                data.substring(data.replace('\\', '/').lastIndexOf('/') + 1),
                about(),
                evaluation,
                results.isCalibrated(),
                folds,
                spread,
                results.mistakes(),
                limits(),
                command(),
                provenance(),
                recipe.toYaml());
    }

    private List<String> about() {
        int n = folds.size();
        boolean grouped = !recipe.data().groupBy().isEmpty();
        return List.of(
                "The images were divided into " + n + " folds with the same class fractions"
                        + (grouped
                                ? "; the images of a group, and duplicates of an image,"
                                : "; duplicates of an image")
                        + " are in the same fold. " + n + " models were trained. For each one, another fold was the"
                        + " test set, and "
                        + (recipe.data().split().val() > 0
                                ? "the other folds were divided into training and validation set."
                                : "the other folds were the training set."),
                accuracy());
    }

    private String accuracy() {
        return "Accuracy: " + Numbers.percent(evaluation.accuracy())
                + evaluation
                        .metric("accuracy")
                        .ci95()
                        .map(ci -> ", 95% interval " + Numbers.percent(ci))
                        .orElse("")
                + ", from " + evaluation.n() + " predictions. Each image was predicted once, by the model that was not"
                + " trained on it.";
    }

    private List<String> limits() {
        List<String> limits = new ArrayList<>();
        limits.add("The metrics describe models that are trained in this way, not one of the " + folds.size()
                + " models. To get a model for use, train once with the same settings.");
        limits.add("The intervals describe the choice of images"
                + (recipe.data().groupBy().isEmpty() ? "" : ", by groups")
                + ". They do not contain the variation between other divisions into folds, or other seeds. The training"
                + " sets of the folds overlap, so the standard deviation over the folds is not an error of the mean.");
        limits.add("If you choose settings by these metrics, the metrics of the chosen settings are too optimistic.");
        if (recipe.train().selectOn().subset() == Subset.TEST) {
            limits.add(
                    "The best epoch of each model was selected by its accuracy on the test set itself, so the metrics"
                            + " are too optimistic.");
        }
        List<String> few = evaluation.perClass().stream()
                .filter(c -> c.n() < FEW)
                .map(ClassMetrics::name)
                .toList();
        if (!few.isEmpty()) {
            limits.add("Classes with fewer than " + FEW + " images: " + String.join(", ", few)
                    + ". Single images change the metrics of such a class by several points.");
        }
        limits.add("All metrics are valid only for images collected in the same way as these. Images from another"
                + " camera, place or time can give worse results. If images of one object or person are in more than one"
                + " fold, the metrics are too optimistic.");
        return limits;
    }

    private Map<String, String> provenance() throws IOException {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("Folder", folder.toString());
        facts.put("Image folder", recipe.data().path());
        facts.put(
                "Network input",
                recipe.data().imageSize() + " \u00d7 " + recipe.data().imageSize() + " pixels");
        if (init != null) {
            facts.put("Initial weights", init + (newHead ? ", with a new head" : ""));
        }
        double seconds = 0;
        for (Fold fold : folds) {
            Path history = folder.resolve("runs").resolve(fold.name()).resolve("history.csv");
            seconds += History.read(history).epochs().stream()
                    .mapToDouble(History.EpochMetrics::seconds)
                    .sum();
        }
        facts.put("Training time", String.format(Locale.ROOT, "%.0f seconds", seconds));
        facts.put("Seed", Long.toString(recipe.train().seed()));
        facts.putAll(new TreeMap<>(results.folds().get(0).manifest().environment()));
        return facts;
    }

    private String command() {
        return "resdensenet crossval --recipe " + quoted(folder.resolve("recipe.yaml"))
                + (init == null ? "" : " --init " + quoted(init)) + (newHead ? " --new-head" : "") + " --out "
                + quoted(Path.of(folder + "-repeated"));
    }

    /** A path as an argument on a command line. */
    private static String quoted(Path path) {
        String text = path.toString();
        return text.matches("[\\p{L}\\p{N}._/\\\\:-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
