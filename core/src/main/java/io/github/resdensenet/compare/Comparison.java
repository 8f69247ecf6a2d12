package io.github.resdensenet.compare;

import io.github.resdensenet.checkpoint.AtomicFiles;
import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.data.Csv;
import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.nn.Summary;
import io.github.resdensenet.nn.Traits;
import io.github.resdensenet.report.ComparisonCurves;
import io.github.resdensenet.train.EpochMetrics;
import io.github.resdensenet.train.History;
import io.github.resdensenet.train.Recipe;
import io.github.resdensenet.train.RunEvaluator;
import io.github.resdensenet.train.StoppedException;
import io.github.resdensenet.train.Trainer;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Trains everything that is compared, one run folder each, and writes what follows from it.
 *
 * <p>The folder holds {@code options.json}, {@code runs}, {@code predictions} (the answers for the test pictures of each
 * run) and {@code bench} (the timings of each model); then {@code compare.md}, {@code compare.csv}, {@code compare.json},
 * {@code compare.html}, {@code curves.svg} and {@code curves.png}. What is there already is not done again, and a training
 * that was stopped goes on.
 */
public final class Comparison {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final TypeReference<LinkedHashMap<String, String>> TEXTS = new TypeReference<>() {};
    private static final TypeReference<LinkedHashMap<String, Object>> FIELDS = new TypeReference<>() {};

    private final ComparisonOptions options;
    private final Path folder;
    private final Bench bench;
    private final ComparisonListener listener;
    private volatile boolean stopping;
    private volatile @Nullable Trainer training;

    /**
     * A comparison.
     *
     * @param folder where it is or will be
     * @param bench times the models
     */
    public Comparison(ComparisonOptions options, Path folder, Bench bench, ComparisonListener listener) {
        this.options = options;
        this.folder = folder;
        this.bench = bench;
        this.listener = listener;
    }

    /** Asks to stop after the step under way; {@link #run} saves and throws. May be called from any thread. */
    public void stop() {
        stopping = true;
        Trainer current = training;
        if (current != null) {
            current.stop();
        }
    }

    /**
     * Does what is not done yet, and writes the findings.
     *
     * @throws IllegalArgumentException if the folder holds a comparison with other options, naming them
     * @throws StoppedException after {@link #stop}
     */
    public void run() throws IOException {
        List<Cell> cells = options.cells();
        open();
        Map<Recipe, String> names = new LinkedHashMap<>(); // two recipes that say the same are one training
        cells.forEach(cell -> names.putIfAbsent(cell.resolved(), cell.name()));
        int number = 0;
        for (Map.Entry<Recipe, String> one : names.entrySet()) {
            checkStopped();
            listener.begin("training " + one.getValue(), ++number, names.size());
            train(one.getKey(), one.getValue());
        }
        Map<String, List<Cell>> rows = new LinkedHashMap<>();
        cells.forEach(cell -> rows.computeIfAbsent(cell.variant() + " " + cell.recipe(), k -> new ArrayList<>())
                .add(cell));
        List<Row> measured = new ArrayList<>();
        for (List<Cell> row : rows.values()) {
            checkStopped();
            listener.begin("timing " + row.get(0).variant(), measured.size() + 1, rows.size());
            measured.add(row(row, names));
        }
        checkSamePictures(measured);
        write(new Findings(options.onCommandLine(), measured, machine(measured.get(0))));
    }

    private void checkStopped() {
        if (stopping) {
            throw new StoppedException("stopped; the same command with --out " + folder + " goes on");
        }
    }

    /** Makes the folder, or checks that it is one of the same options. */
    private void open() throws IOException {
        Path file = folder.resolve("options.json");
        Map<String, String> now = options.onCommandLine();
        if (Files.isRegularFile(file)) {
            Map<String, String> before = JSON.readValue(Files.readString(file), TEXTS);
            List<String> changed = new ArrayList<>();
            Map<String, String> all = new LinkedHashMap<>(before);
            all.putAll(now);
            for (String option : all.keySet()) {
                String was = before.getOrDefault(option, "not given");
                String is = now.getOrDefault(option, "not given");
                if (!was.equals(is)) {
                    changed.add(option + " was " + was + " and is " + is);
                }
            }
            if (!changed.isEmpty()) {
                throw new IllegalArgumentException(folder + ": a comparison with other options: "
                        + String.join(", ", changed) + "; choose another --out");
            }
            return;
        }
        if (Files.exists(folder)) {
            throw new FileAlreadyExistsException(
                    folder.toString(), null, "exists already and is no comparison; choose another --out");
        }
        Files.createDirectories(folder.resolve("predictions"));
        Files.createDirectories(folder.resolve("bench"));
        AtomicFiles.write(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(now) + "\n");
    }

    private Path runFolder(String name) {
        return folder.resolve("runs").resolve(name);
    }

    private Path predictionsFile(String name) {
        return folder.resolve("predictions").resolve(name + ".csv");
    }

    private void train(Recipe recipe, String name) throws IOException {
        Path place = runFolder(name);
        Trainer trainer = new Trainer(listener);
        training = trainer;
        if (stopping) {
            trainer.stop(); // asked between the last check and now
        }
        try {
            if (!Files.exists(place)) {
                trainer.train(recipe, place, null, false);
            } else {
                List<String> changed = Recipe.read(place.resolve("recipe.yaml")).differences(recipe);
                if (!changed.isEmpty()) {
                    throw new CheckpointException(place + ": trained by another recipe: " + String.join(", ", changed));
                }
                if (!Run.open(place).isFinished()) {
                    trainer.resume(place, 0);
                }
            }
        } catch (StoppedException e) {
            checkStopped();
            throw e;
        } finally {
            training = null;
        }
        if (!Files.exists(predictionsFile(name))) {
            Run run = Run.open(place);
            Predictions.of(new RunEvaluator(run).evaluateSplit(Part.TEST, null, listener::evaluating))
                    .write(predictionsFile(name));
        }
    }

    private Row row(List<Cell> seeds, Map<Recipe, String> names) throws IOException {
        Cell first = seeds.get(0);
        List<String> runs = seeds.stream()
                .map(cell -> Objects.requireNonNull(names.get(cell.resolved())))
                .toList();
        Run run = Run.open(runFolder(runs.get(0)));
        List<String> classes = run.readBestManifest().classes();
        List<Predictions> predictions = new ArrayList<>();
        List<Double> macroF1s = new ArrayList<>();
        List<List<EpochMetrics>> histories = new ArrayList<>();
        for (String name : runs) {
            macroF1s.add(macroF1(runFolder(name).resolve("metrics.json")));
            predictions.add(Predictions.read(predictionsFile(name)));
            histories.add(History.read(runFolder(name).resolve("history.csv")).epochs());
        }
        Recipe recipe = first.resolved();
        try (ImageClassifier model = Models.create(recipe.model(), classes.size(), 0)) {
            Summary summary = Summary.of(model, recipe.data().imageSize());
            return new Row(
                    first.title(),
                    first.recipe(),
                    recipe,
                    new Row.Size(
                            summary.params(),
                            summary.macs(),
                            Files.size(run.best().resolve("weights.safetensors")),
                            Traits.of(recipe.model())),
                    speed(first),
                    runs,
                    classes,
                    predictions,
                    macroF1s,
                    histories);
        }
    }

    /** What the run's own evaluation found. */
    private static double macroF1(Path metrics) throws IOException {
        JsonNode value = JSON.readTree(Files.readString(metrics)).path("test").path("macro_f1");
        if (!value.isNumber()) {
            throw new IOException(metrics + ": not the metrics of a run, test.macro_f1 must be a number");
        }
        return value.asDouble();
    }

    private Row.Speed speed(Cell cell) throws IOException {
        Path result = folder.resolve("bench").resolve(cell.variant() + ".json");
        if (!Files.exists(result)) {
            Path recipe = folder.resolve("bench").resolve(cell.variant() + ".yaml");
            AtomicFiles.write(recipe, cell.resolved().toYaml());
            Map<String, Object> fields = measure(recipe);
            AtomicFiles.write(result, JSON.writeValueAsString(fields) + "\n");
        }
        Map<String, Object> fields = JSON.readValue(Files.readString(result), FIELDS);
        double batch = number(fields, "batch", result);
        return new Row.Speed(
                fields.getOrDefault("engine", "unknown") + " " + fields.getOrDefault("precision", ""),
                batch * 1000 / number(fields, "train_ms_median", result),
                number(fields, "infer_ms_median", result) / batch,
                (long) number(fields, "peak_rss_mb", result));
    }

    private Map<String, Object> measure(Path recipe) throws IOException {
        try {
            return bench.measure(recipe);
        } catch (IOException e) {
            checkStopped(); // a signal reaches the other process as well
            throw e;
        }
    }

    private static double number(Map<String, Object> fields, String key, Path source) throws IOException {
        if (fields.get(key) instanceof Number number) {
            return number.doubleValue();
        }
        throw new IOException(source + ": not a benchmark's result, " + key + " must be a number");
    }

    /** Pairs are of the same pictures only if all models of a seed were tested on the same ones. */
    private static void checkSamePictures(List<Row> rows) {
        for (Row row : rows) {
            for (int seed = 0; seed < row.predictions().size(); seed++) {
                List<String> pictures = row.predictions().get(seed).pictures();
                if (!pictures.equals(rows.get(0).predictions().get(seed).pictures())) {
                    throw new IllegalStateException(
                            row.name() + " and " + rows.get(0).name() + " have other test pictures for seed " + seed);
                }
            }
        }
    }

    private String machine(Row first) throws IOException {
        Map<String, String> environment =
                Run.open(runFolder(first.runs().get(0))).readBestManifest().environment();
        return environment.getOrDefault("threads", "?") + " threads of " + environment.getOrDefault("cpu", "?");
    }

    private void write(Findings findings) throws IOException {
        ComparisonCurves curves = findings.curves();
        AtomicFiles.write(folder.resolve("curves.svg"), curves.svg());
        AtomicFiles.write(folder.resolve("curves.png"), curves.png());
        StringBuilder csv = new StringBuilder();
        findings.csv().forEach(line -> csv.append(Csv.line(line)));
        AtomicFiles.write(folder.resolve("compare.csv"), csv.toString());
        AtomicFiles.write(
                folder.resolve("compare.json"),
                JSON.writerWithDefaultPrettyPrinter().writeValueAsString(FindingsJson.of(findings)) + "\n");
        AtomicFiles.write(folder.resolve("compare.html"), findings.document().html(curves.svg()));
        AtomicFiles.write(folder.resolve("compare.md"), findings.document().markdown("curves.svg"));
    }
}
