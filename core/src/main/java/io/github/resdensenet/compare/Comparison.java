package io.github.resdensenet.compare;

import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.data.SplitFile;
import io.github.resdensenet.eval.RunEvaluator;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.nn.Summary;
import io.github.resdensenet.plot.ComparisonCurves;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.History.EpochMetrics;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.train.TrainListener;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Csv;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Compares several models: trains each model with each recipe and seed, measures speed and memory, and writes a report.
 *
 * <p>The comparison folder contains:
 *
 * <ul>
 *   <li>{@code options.json}: the options of the comparison
 *   <li>{@code runs}: one run folder per training run
 *   <li>{@code predictions}: the predictions for the test images of each run
 *   <li>{@code bench}: the benchmark results of each model
 *   <li>{@code compare.md}, {@code compare.html}, {@code compare.csv}, {@code compare.json}, {@code curves.svg} and
 *       {@code curves.png}: the report
 * </ul>
 *
 * <p>Results that already exist are reused, and an interrupted training run is resumed.
 */
public final class Comparison {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final TypeReference<LinkedHashMap<String, Object>> FIELDS = new TypeReference<>() {};

    private final ComparisonOptions options;
    private final Path folder;
    private final Bench bench;
    private final Listener listener;
    private final TrainingRuns runs;
    private final Map<Path, Trained> trained = new HashMap<>();

    /** The first run on an image folder, with names and digests of the images. */
    private record Trained(Run run, Set<List<String>> images) {}

    /**
     * Creates a comparison; {@link #run} starts or resumes it.
     *
     * @param options what to compare
     * @param folder comparison folder, new or of an earlier run with the same options
     * @param bench measures speed and memory of a model
     * @param listener receives progress
     */
    public Comparison(ComparisonOptions options, Path folder, Bench bench, Listener listener) {
        this.options = options;
        this.folder = folder;
        this.bench = bench;
        this.listener = listener;
        this.runs = new TrainingRuns(folder, listener);
    }

    /** Requests a stop after the current step; {@link #run} then saves and throws. May be called from any thread. */
    public void stop() {
        runs.stop();
    }

    /**
     * Runs everything that is not finished yet, then writes the report.
     *
     * @throws IllegalArgumentException if the folder contains a comparison with different options; they are listed
     * @throws FileAlreadyExistsException if the folder exists but is not a comparison folder
     * @throws CancellationException after {@link #stop}
     */
    public void run() throws IOException {
        List<Cell> cells = options.cells(listener::remark);
        OptionsFile.open(folder, options.onCommandLine(), "a comparison folder", List.of("predictions", "bench"));
        Map<Recipe, String> names = new LinkedHashMap<>(); // identical recipes share one run
        cells.forEach(cell -> cell.runs().forEach((name, recipe) -> names.putIfAbsent(recipe, name)));
        int number = 0;
        for (Map.Entry<Recipe, String> entry : names.entrySet()) {
            runs.checkStopped();
            listener.begin("training " + entry.getValue(), ++number, names.size());
            train(entry.getKey(), entry.getValue());
        }
        Map<String, List<Cell>> rows = new LinkedHashMap<>();
        cells.forEach(cell -> rows.computeIfAbsent(cell.variant() + " " + cell.recipe(), k -> new ArrayList<>())
                .add(cell));
        List<Row> measured = new ArrayList<>();
        for (List<Cell> row : rows.values()) {
            runs.checkStopped();
            listener.begin("timing " + row.get(0).variant(), measured.size() + 1, rows.size());
            measured.add(row(row, names));
        }
        checkSameTestImages(measured);
        write(new Findings(options.onCommandLine(), measured, machine(measured.get(0)), options.margin() / 100));
    }

    private Path predictionsFile(String name) {
        return folder.resolve("predictions").resolve(name + ".csv");
    }

    private void train(Recipe recipe, String name) throws IOException {
        Run run = runs.train(recipe, name, null, false);
        checkSameImages(recipe, run);
        if (!Files.exists(predictionsFile(name))) {
            Predictions.of(new RunEvaluator(run)
                            .evaluateSplit(Subset.TEST, null, listener::evaluating)
                            .evaluation())
                    .write(predictionsFile(name));
        }
    }

    private Row row(List<Cell> seeds, Map<Recipe, String> names) throws IOException {
        Cell first = seeds.get(0);
        List<String> all = new ArrayList<>();
        List<Predictions> predictions = new ArrayList<>();
        List<Double> macroF1s = new ArrayList<>();
        List<List<EpochMetrics>> histories = new ArrayList<>();
        for (Cell cell : seeds) {
            List<Predictions> parts = new ArrayList<>();
            for (Recipe part : cell.runs().values()) {
                String name = Objects.requireNonNull(names.get(part));
                all.add(name);
                parts.add(Predictions.read(predictionsFile(name)));
                histories.add(
                        History.read(runs.folder(name).resolve("history.csv")).epochs());
            }
            Predictions joined = Predictions.join(parts);
            predictions.add(joined);
            macroF1s.add(
                    parts.size() > 1
                            ? joined.macroF1()
                            : macroF1(runs.folder(all.get(all.size() - 1)).resolve("metrics.json")));
        }
        Run run = Run.open(runs.folder(all.get(0)));
        List<String> classes = run.readBestManifest().classes();
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
                    all,
                    classes,
                    predictions,
                    macroF1s,
                    histories);
        }
    }

    /** Macro-F1 on the test set, from the run's metrics.json. */
    private static double macroF1(Path metrics) throws IOException {
        JsonNode value = JSON.readTree(Files.readString(metrics)).path("test").path("macro_f1");
        if (!value.isNumber()) {
            throw new IOException(metrics + ": invalid metrics file, test.macro_f1 must be a number");
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
            runs.checkStopped(); // Ctrl-C also ends the child process
            throw e;
        }
    }

    private static double number(Map<String, Object> fields, String key, Path source) throws IOException {
        if (fields.get(key) instanceof Number number) {
            return number.doubleValue();
        }
        throw new IOException(source + ": invalid benchmark result, " + key + " must be a number");
    }

    /** Paired tests require that all models were trained and tested on the same images. */
    private void checkSameImages(Recipe recipe, Run run) throws IOException {
        Set<List<String>> images = new HashSet<>();
        for (SplitFile.Row row : SplitFile.read(run.file(Run.SPLIT))) {
            images.add(List.of(row.name(), row.sha256()));
        }
        Trained first = trained.computeIfAbsent(recipe.data().folder(), k -> new Trained(run, images));
        if (!first.images.equals(images)) {
            throw new CheckpointException(run.folder() + ": the images differ from those of " + first.run.folder()
                    + "; choose another --out");
        }
    }

    private void checkSameTestImages(List<Row> rows) throws IOException {
        for (Row row : rows) {
            for (int seed = 0; seed < row.predictions().size(); seed++) {
                List<String> images = row.predictions().get(seed).images();
                if (!images.equals(rows.get(0).predictions().get(seed).images())) {
                    throw new IOException(folder + ": " + row.name() + " and "
                            + rows.get(0).name() + " have different test images for seed " + seed
                            + "; choose another --out");
                }
            }
        }
    }

    private String machine(Row first) throws IOException {
        Map<String, String> environment =
                Run.open(runs.folder(first.runs().get(0))).readBestManifest().environment();
        return environment.getOrDefault("threads", "?") + " threads of " + environment.getOrDefault("cpu", "?");
    }

    private void write(Findings findings) throws IOException {
        ComparisonCurves curves = findings.curves();
        AtomicFiles.write(folder.resolve("curves.svg"), curves.svg());
        StringBuilder csv = new StringBuilder();
        findings.csv().forEach(line -> csv.append(Csv.line(line)));
        AtomicFiles.write(folder.resolve("compare.csv"), csv.toString());
        AtomicFiles.write(
                folder.resolve("compare.json"),
                JSON.writerWithDefaultPrettyPrinter().writeValueAsString(FindingsJson.of(findings)) + "\n");
        AtomicFiles.write(folder.resolve("compare.html"), findings.document().html(curves.svg()));
        AtomicFiles.write(folder.resolve("compare.md"), findings.document().markdown("curves.svg"));
        try {
            AtomicFiles.write(folder.resolve("curves.png"), curves.png());
        } catch (LinkageError e) { // no font libraries
            listener.remark("Note: curves.png was not written: " + e.getMessage());
        }
    }

    /** Measures the speed and memory of a model in a fresh process, so that other models do not affect the result. */
    public interface Bench {
        /**
         * Runs the benchmark.
         *
         * @param recipe recipe file of the model
         * @return the JSON fields that the command {@code bench} prints
         * @throws IOException if the process cannot be started or fails
         */
        Map<String, Object> measure(Path recipe) throws IOException;
    }

    /** Receives the progress of a comparison and of its current training run. */
    public interface Listener extends TrainListener {
        /**
         * A task begins.
         *
         * @param what the task, for example "training resdensenet-own-0"
         * @param number number of the task, from 1
         * @param of number of tasks of this kind
         */
        default void begin(String what, int number, int of) {}

        /** A line about all runs, for example why an image size was chosen. */
        default void remark(String line) {}
    }
}
