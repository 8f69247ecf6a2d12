package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.AtomicFiles;
import io.github.resdensenet.checkpoint.Manifest;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.data.Csv;
import io.github.resdensenet.data.ImageDecoder;
import io.github.resdensenet.data.ImageSample;
import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.data.SplitFile;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.RocCurve;
import io.github.resdensenet.eval.Wilson;
import io.github.resdensenet.explain.Explainer;
import io.github.resdensenet.explain.Method;
import io.github.resdensenet.explain.Request;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.report.Diagram;
import io.github.resdensenet.report.HtmlReport;
import io.github.resdensenet.report.LearningCurves;
import io.github.resdensenet.report.Picture;
import io.github.resdensenet.report.ReportData;
import io.github.resdensenet.report.ReportData.Audit;
import io.github.resdensenet.report.ReportData.Calibration;
import io.github.resdensenet.report.ReportData.Choice;
import io.github.resdensenet.report.ReportData.ClassScore;
import io.github.resdensenet.report.ReportData.Example;
import io.github.resdensenet.report.ReportData.Figure;
import io.github.resdensenet.report.ReportData.Finding;
import io.github.resdensenet.report.ReportData.Gallery;
import io.github.resdensenet.report.ReportData.Interval;
import io.github.resdensenet.report.ReportData.Roc;
import io.github.resdensenet.report.ReportData.Scores;
import io.github.resdensenet.transforms.Resize;
import io.github.resdensenet.transforms.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Writes a run's report.html. */
public final class RunReport {
    private static final String FILE = "report.html";
    private static final int EXAMPLES = 12;

    /**
     * A figure in words.
     *
     * @param words what it means; %.3f stands for the logarithm of the number of classes
     */
    private record Meaning(String name, boolean percent, String words) {}

    private static final Map<String, Meaning> MEANINGS = meanings();
    private static final int LARGEST_PICTURE = 128;

    private final Run run;
    private final Manifest manifest;
    private final Evaluation test;
    private final Explainer explainer;

    private static Map<String, Meaning> meanings() {
        Map<String, Meaning> all = new LinkedHashMap<>();
        all.put(
                "macro_f1",
                new Meaning(
                        "Macro F1",
                        false,
                        "mean over the classes, small ones count as much as large ones; 1 is perfect"));
        all.put(
                "balanced_accuracy",
                new Meaning("Balanced accuracy", true, "mean over the classes of the share that was found"));
        all.put("top2_accuracy", new Meaning("Top-2 accuracy", true, "the true class is among the two most probable"));
        all.put(
                "macro_roc_auc",
                new Meaning(
                        "ROC-AUC", false, "how well each class is told from the rest; 0.5 is guessing, 1 is perfect"));
        all.put(
                "quadratic_weighted_kappa",
                new Meaning("Quadratic weighted kappa", false, "agreement on a scale; 0 is chance, 1 is perfect"));
        all.put("mae", new Meaning("Mean absolute error", false, "steps of the scale between answer and truth"));
        all.put(
                "nll",
                new Meaning(
                        "Negative log-likelihood",
                        false,
                        "how surprising the true classes were; guessing evenly has %.3f, 0 is perfect"));
        all.put(
                "brier",
                new Meaning("Brier score", false, "squared distance of the probabilities to the truth, 0 to 2"));
        all.put(
                "ece",
                new Meaning("Calibration error", true, "mean distance of confidence and share of right answers"));
        return all;
    }

    private RunReport(Run run, Manifest manifest, Evaluation test, Explainer explainer) {
        this.run = run;
        this.manifest = manifest;
        this.test = test;
        this.explainer = explainer;
    }

    /**
     * Judges a run's best checkpoint on its test pictures and writes the report.
     *
     * @return the file
     * @throws IOException if the run has no finished epoch, or a picture is missing or changed
     */
    public static Path write(Run run, BiConsumer<Integer, Integer> progress) throws IOException {
        return write(run, data(run, new RunEvaluator(run).evaluateSplit(Part.TEST, null, progress)));
    }

    /** What the report of an evaluation has. */
    static ReportData data(Run run, Evaluation test) throws IOException {
        Manifest manifest = run.readBestManifest();
        try (Classifier classifier = Classifier.load(run.folder())) {
            Diagram diagram =
                    ModelDiagram.of(classifier.model(), manifest.preprocessing().imageSize());
            return new RunReport(run, manifest, test, new Explainer(classifier)).data(diagram);
        }
    }

    static Path write(Run run, ReportData data) throws IOException {
        AtomicFiles.write(run.file(FILE), HtmlReport.html(data));
        return run.file(FILE);
    }

    private ReportData data(Diagram diagram) throws IOException {
        List<ReportData.Part> parts = parts();
        LearningCurves curves = RunPlots.curves(run);
        return new ReportData(
                manifest.model().title(),
                RunPlots.folder(manifest),
                manifest.classes(),
                curves,
                choice(parts),
                scores(),
                Optional.of(calibration()),
                roc(),
                galleries(),
                parts,
                audit(),
                Optional.of(diagram),
                provenance(diagram),
                manifest.recipe());
    }

    private List<ReportData.Part> parts() throws IOException {
        List<String> classes = manifest.classes();
        Map<Part, int[]> counts = new EnumMap<>(Part.class);
        for (SplitFile.Row row : SplitFile.read(run.file("split.csv"))) {
            counts.computeIfAbsent(row.part(), part -> new int[classes.size()])[classes.indexOf(row.className())]++;
        }
        return counts.entrySet().stream()
                .map(part -> new ReportData.Part(
                        part.getKey().label(),
                        IntStream.of(part.getValue()).boxed().toList()))
                .toList();
    }

    /** What the training found when it read the pictures. */
    private Optional<Audit> audit() throws IOException {
        List<Finding> findings = new ArrayList<>();
        List<List<String>> skipped = rows(TrainingData.SKIPPED);
        if (!skipped.isEmpty()) {
            findings.add(new Finding(
                    "Left out, since they cannot be read: " + skipped.size(),
                    skipped.stream().map(row -> row.get(0) + ": " + row.get(1)).toList()));
        }
        List<List<String>> copies = rows(TrainingData.COPIES);
        if (!copies.isEmpty()) {
            findings.add(new Finding(
                    "Copies of other pictures: " + copies.size(),
                    copies.stream()
                            .map(row -> row.get(0) + " is " + row.get(1) + " (" + row.get(2) + ")")
                            .toList()));
        }
        String summary = findings.isEmpty()
                ? "Every picture can be read, and none is there twice."
                : "What was found when the pictures were read:";
        return Files.exists(run.file(TrainingData.COPIES)) // else nobody looked for copies
                ? Optional.of(new Audit(summary, findings))
                : Optional.empty();
    }

    /** A CSV file of the run without its first line; none if there is no such file. */
    private List<List<String>> rows(String name) throws IOException {
        Path file = run.file(name);
        if (!Files.exists(file)) {
            return List.of();
        }
        List<List<String>> records = Csv.parse(Files.readString(file));
        return records.subList(Math.min(1, records.size()), records.size());
    }

    private Choice choice(List<ReportData.Part> parts) {
        String part = manifest.progress().selectOn();
        int n = parts.stream()
                .filter(p -> p.name().equals(part))
                .mapToInt(ReportData.Part::total)
                .sum();
        return new Choice(
                part, interval(Wilson.of(Math.round(manifest.progress().bestAccuracy() * n), n)));
    }

    private static Interval interval(io.github.resdensenet.eval.Interval bounds) {
        return new Interval(bounds.low(), bounds.high());
    }

    private Scores scores() {
        List<Figure> more = new ArrayList<>();
        MEANINGS.forEach((name, meaning) -> test.figures().stream()
                .filter(f -> f.name().equals(name) && f.value().isPresent())
                .forEach(f -> more.add(figure(f, meaning))));
        List<ClassScore> perClass = test.perClass().stream()
                .map(c -> new ClassScore(
                        c.n(),
                        c.precision().orNaN(),
                        c.recall().orNaN(),
                        c.f1().orNaN(),
                        c.recall().ci95().filter(any -> c.n() > 0).map(RunReport::interval)))
                .toList();
        Figure accuracy = figure(test.figure("accuracy"), new Meaning("Accuracy", true, "share of right answers"));
        return new Scores("test", test.n(), accuracy, more, test.confusion().counts(), perClass);
    }

    private Figure figure(io.github.resdensenet.eval.Figure figure, Meaning meaning) {
        return new Figure(
                meaning.name(),
                figure.orNaN(),
                meaning.percent(),
                figure.ci95().map(RunReport::interval),
                String.format(
                        Locale.ROOT, meaning.words(), Math.log(test.classes().size())));
    }

    private Calibration calibration() {
        return new Calibration(
                test.figure("ece").orNaN(),
                test.temperature().value(),
                test.reliability().bins().stream()
                        .map(b -> new Calibration.Bin(b.count(), b.confidence(), b.accuracy()))
                        .toList());
    }

    private List<Roc> roc() {
        List<Roc> curves = new ArrayList<>();
        for (int c = 0; c < test.classes().size(); c++) {
            List<RocCurve.Point> points = test.rocCurves().get(c).points();
            if (!points.isEmpty()) {
                curves.add(new Roc(
                        test.classes().get(c),
                        test.perClass().get(c).rocAuc().orNaN(),
                        points.stream().map(RocCurve.Point::falsePositiveRate).toList(),
                        points.stream().map(RocCurve.Point::truePositiveRate).toList()));
            }
        }
        return curves;
    }

    private List<Gallery> galleries() throws IOException {
        Comparator<Integer> bySureness = Comparator.comparingDouble(test::confidence);
        List<Gallery> galleries = List.of(
                gallery(
                        "Surest mistakes",
                        "Wrong answers with the highest probability: wrong labels are found here, too.",
                        all().filter(i -> !right(i)).sorted(bySureness.reversed())),
                gallery(
                        "Least certain",
                        "Pictures whose most probable class has the lowest probability.",
                        all().sorted(bySureness)),
                gallery(
                        "Surest right answers",
                        "What the network takes for typical.",
                        all().filter(this::right).sorted(bySureness.reversed())));
        return galleries.stream().filter(g -> !g.examples().isEmpty()).toList();
    }

    private Stream<Integer> all() {
        return IntStream.range(0, test.n()).boxed();
    }

    private boolean right(int i) {
        return test.predicted(i) == test.truth().get(i);
    }

    private Gallery gallery(String title, String about, Stream<Integer> pictures) throws IOException {
        List<Example> examples = new ArrayList<>();
        for (int i : pictures.limit(EXAMPLES).toList()) {
            ImageSample sample = test.samples().get(i);
            RgbImage image =
                    ImageDecoder.decode(sample.path(), manifest.preprocessing().upright());
            examples.add(new Example(
                    sample.name(),
                    test.classes().get(test.truth().get(i)),
                    test.classes().get(test.predicted(i)),
                    test.confidence(i),
                    small(image),
                    Optional.of(small(
                            explainer.explain(image, Request.of(Method.GRADCAM)).overlay()))));
        }
        return new Gallery(title, about, examples);
    }

    /** Stretched as the network sees it, but not larger than a page needs. */
    private Picture small(RgbImage picture) {
        int size = Math.min(manifest.preprocessing().imageSize(), LARGEST_PICTURE);
        RgbImage image = new Resize(size, size).apply(picture);
        return new Picture(image.width(), image.height(), image.pixels());
    }

    private Map<String, String> provenance(Diagram diagram) throws IOException {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("Run", run.folder().toString());
        facts.put("Pictures", manifest.data());
        facts.put("SHA-256 of the split, which has each picture's", manifest.splitSha256());
        int size = manifest.preprocessing().imageSize();
        facts.put("Network's input", size + " \u00d7 " + size + " pixels");
        facts.put("Parameters", String.format(Locale.ROOT, "%,d", diagram.params()));
        double seconds = History.read(run.file("history.csv")).epochs().stream()
                .mapToDouble(EpochMetrics::seconds)
                .sum();
        facts.put("Time of training", String.format(Locale.ROOT, "%.0f seconds", seconds));
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
}
