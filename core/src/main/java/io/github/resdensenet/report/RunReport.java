package io.github.resdensenet.report;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.data.SplitFile;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.Interval;
import io.github.resdensenet.plot.Diagram;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.report.ReportData.Audit;
import io.github.resdensenet.report.ReportData.Finding;
import io.github.resdensenet.report.ReportData.Gallery;
import io.github.resdensenet.report.ReportData.SubsetCounts;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Choices;
import io.github.resdensenet.util.Csv;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Writes a run's report.html. */
final class RunReport {
    static final String FILE = "report.html";

    private final Run run;
    private final Manifest manifest;
    private final Evaluation test;
    private final Subset selectedOn;

    private RunReport(Run run, Manifest manifest, Evaluation test) {
        this.run = run;
        this.manifest = manifest;
        this.test = test;
        this.selectedOn =
                Choices.parse(Subset.class, "select_on", manifest.progress().selectOn());
    }

    /**
     * Writes the report of an evaluation.
     *
     * @return what the report shows
     */
    static ReportData write(Run run, Evaluation test) throws IOException {
        Manifest manifest = run.readBestManifest();
        try (Classifier classifier = Classifier.load(run.folder())) {
            Diagram diagram =
                    ModelDiagram.of(classifier.model(), manifest.preprocessing().imageSize());
            ReportData data =
                    new RunReport(run, manifest, test).data(diagram, new ExampleGalleries(classifier, test).all());
            AtomicFiles.write(run.file(FILE), HtmlReport.html(data));
            return data;
        }
    }

    private ReportData data(Diagram diagram, List<Gallery> galleries) throws IOException {
        List<SubsetCounts> subsets = subsets();
        return new ReportData(
                manifest.model().title(),
                CurveFiles.folder(manifest),
                CurveFiles.curves(run),
                selectedOn,
                selection(subsets),
                test,
                galleries,
                subsets,
                audit(),
                Optional.of(diagram),
                provenance(diagram, subsets),
                manifest.recipe());
    }

    private List<SubsetCounts> subsets() throws IOException {
        List<String> classes = manifest.classes();
        Map<Subset, int[]> counts = new EnumMap<>(Subset.class);
        for (SplitFile.Row row : SplitFile.read(run.file(Run.SPLIT))) {
            counts.computeIfAbsent(row.subset(), subset -> new int[classes.size()])[classes.indexOf(row.className())]++;
        }
        return counts.entrySet().stream()
                .map(subset -> new SubsetCounts(
                        subset.getKey(), IntStream.of(subset.getValue()).boxed().toList()))
                .toList();
    }

    /** The interval of the best epoch's accuracy on the subset that selected it. */
    private Interval selection(List<SubsetCounts> subsets) {
        int n = subsets.stream()
                .filter(counted -> counted.subset() == selectedOn)
                .mapToInt(SubsetCounts::total)
                .sum();
        return Interval.wilson(Math.round(manifest.progress().bestAccuracy() * n), n);
    }

    private Optional<Audit> audit() throws IOException {
        List<Finding> findings = new ArrayList<>();
        List<List<String>> skipped = rows(Run.SKIPPED);
        if (!skipped.isEmpty()) {
            findings.add(new Finding(
                    "Skipped because they cannot be read: " + skipped.size(),
                    skipped.stream().map(row -> row.get(0) + ": " + row.get(1)).toList()));
        }
        List<List<String>> copies = rows(Run.COPIES);
        if (!copies.isEmpty()) {
            findings.add(new Finding(
                    "Duplicates of other images: " + copies.size() + ". They were kept, " + apart(copies),
                    copies.stream()
                            .map(row -> row.get(0) + " is a duplicate of " + row.get(1) + " (" + row.get(2) + ")")
                            .toList()));
        }
        String summary = findings.isEmpty()
                ? "Every image can be read, and there are no duplicates."
                : "Found when the images were read:";
        return Files.exists(run.file(Run.COPIES)) // older runs did not look for duplicates
                ? Optional.of(new Audit(summary, findings))
                : Optional.empty();
    }

    /** How many duplicates are in another subset than their original. */
    private String apart(List<List<String>> copies) throws IOException {
        Map<String, Subset> subsets = new HashMap<>();
        SplitFile.read(run.file(Run.SPLIT)).forEach(row -> subsets.put(row.name(), row.subset()));
        long apart = copies.stream()
                .filter(row -> subsets.get(row.get(0)) != subsets.get(row.get(1)))
                .count();
        return apart == 0
                ? "each in the same subset as its original."
                : apart + " in another subset than the original, so the metrics may be too optimistic.";
    }

    /** The rows of a CSV file of the run; none if there is no such file. */
    private List<List<String>> rows(String name) throws IOException {
        Path file = run.file(name);
        return Files.exists(file) ? Csv.read(file).stream().skip(1).toList() : List.of();
    }

    private Map<String, String> provenance(Diagram diagram, List<SubsetCounts> subsets) throws IOException {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("Run", run.folder().toString());
        facts.put("Image folder", manifest.data());
        facts.put("SHA-256 of split.csv", manifest.splitSha256());
        int size = manifest.preprocessing().imageSize();
        facts.put(
                "Network input",
                size + " \u00d7 " + size + " pixels, resize mode "
                        + manifest.preprocessing().resize());
        facts.putAll(classBalance(subsets));
        facts.put("Parameters", String.format(Locale.ROOT, "%,d", diagram.params()));
        double seconds = History.read(run.file("history.csv")).epochs().stream()
                .mapToDouble(epoch -> epoch.seconds())
                .sum();
        facts.put("Training time", String.format(Locale.ROOT, "%.0f seconds", seconds));
        facts.put("Seed", Long.toString(manifest.progress().seed()));
        String version = RunReport.class.getPackage().getImplementationVersion();
        if (version != null) {
            facts.put("resdensenet", version);
        }
        manifest.environment().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(fact -> facts.put(fact.getKey(), fact.getValue()));
        return facts;
    }

    /** What the recipe does about classes of different size; empty if nothing. */
    private Map<String, String> classBalance(List<SubsetCounts> subsets) {
        Map<String, String> facts = new LinkedHashMap<>();
        Recipe recipe = Recipe.parse(manifest.recipe(), run.best());
        List<Integer> images = subsets.stream()
                .filter(counted -> counted.subset() == Subset.TRAIN)
                .map(SubsetCounts::counts)
                .findFirst()
                .orElse(List.of());
        String weights = recipe.train().weightsInWords(manifest.classes(), images);
        if (!weights.isEmpty()) {
            facts.put("Class weights in the loss", weights);
        }
        if (recipe.data().sampling() == Recipe.Sampling.BALANCED) {
            facts.put("Sampling", "balanced: an epoch has all classes equally often");
        }
        return facts;
    }
}
