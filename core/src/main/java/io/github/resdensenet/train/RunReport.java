package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.AtomicFiles;
import io.github.resdensenet.checkpoint.Manifest;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.data.ImageDecoder;
import io.github.resdensenet.data.ImageSample;
import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.data.SplitFile;
import io.github.resdensenet.eval.ConfusionMatrix;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.Wilson;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.report.Diagram;
import io.github.resdensenet.report.HtmlReport;
import io.github.resdensenet.report.LearningCurves;
import io.github.resdensenet.report.Picture;
import io.github.resdensenet.report.ReportData;
import io.github.resdensenet.report.ReportData.Choice;
import io.github.resdensenet.report.ReportData.ClassScore;
import io.github.resdensenet.report.ReportData.Example;
import io.github.resdensenet.report.ReportData.Figure;
import io.github.resdensenet.report.ReportData.Gallery;
import io.github.resdensenet.report.ReportData.Interval;
import io.github.resdensenet.report.ReportData.Scores;
import io.github.resdensenet.transforms.Resize;
import io.github.resdensenet.transforms.RgbImage;
import java.io.IOException;
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
    private static final int LARGEST_PICTURE = 128;

    private final Run run;
    private final Manifest manifest;
    private final Evaluation test;
    private final List<ImageSample> samples;

    private RunReport(Run run, Manifest manifest, Evaluation test, List<ImageSample> samples) {
        this.run = run;
        this.manifest = manifest;
        this.test = test;
        this.samples = samples;
    }

    /**
     * Judges a run's best checkpoint on its test pictures and writes the report.
     *
     * @return the file
     * @throws IOException if the run has no finished epoch, or a picture is missing or changed
     */
    public static Path write(Run run, BiConsumer<Integer, Integer> progress) throws IOException {
        RunEvaluator evaluator = new RunEvaluator(run);
        List<ImageSample> samples = evaluator.samples(Part.TEST, null);
        Evaluation test = evaluator.evaluate(samples, progress);
        try (ImageClassifier model = evaluator.model()) {
            return write(run, test, samples, model);
        }
    }

    /** Writes the report of answers that are known already, in the order of the samples. */
    static Path write(Run run, Evaluation test, List<ImageSample> samples, ImageClassifier model) throws IOException {
        Manifest manifest = run.readBestManifest();
        Diagram diagram = ModelDiagram.of(model, manifest.preprocessing().imageSize());
        ReportData data = new RunReport(run, manifest, test, samples).data(diagram);
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
                Optional.empty(),
                List.of(),
                galleries(),
                parts,
                Optional.empty(),
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

    private Choice choice(List<ReportData.Part> parts) {
        String part = manifest.progress().selectOn();
        int n = parts.stream()
                .filter(p -> p.name().equals(part))
                .mapToInt(ReportData.Part::total)
                .sum();
        return new Choice(
                part, interval(Wilson.of(Math.round(manifest.progress().bestAccuracy() * n), n)));
    }

    private static Interval interval(Wilson wilson) {
        return new Interval(wilson.low(), wilson.high());
    }

    private Scores scores() {
        ConfusionMatrix confusion = test.confusion();
        Figure accuracy = new Figure(
                "Accuracy",
                test.accuracy(),
                true,
                Optional.of(interval(test.accuracyInterval())),
                "share of right answers");
        List<Figure> more = List.of(
                new Figure(
                        "Macro F1",
                        confusion.macroF1(),
                        false,
                        Optional.empty(),
                        "mean over the classes, small ones count as much as large ones; 1 is perfect"),
                new Figure(
                        "Negative log-likelihood",
                        test.nll(),
                        false,
                        Optional.empty(),
                        String.format(
                                Locale.ROOT,
                                "how surprising the true classes were; guessing evenly has %.3f, 0 is perfect",
                                Math.log(test.classes().size()))));
        List<ClassScore> perClass = new ArrayList<>();
        for (int c = 0; c < test.classes().size(); c++) {
            ConfusionMatrix.ClassScore score = confusion.score(c);
            Interval recall = interval(Wilson.of(confusion.counts().get(c).get(c), score.n()));
            perClass.add(new ClassScore(
                    score.n(),
                    score.precision(),
                    score.recall(),
                    score.f1(),
                    score.n() == 0 ? Optional.empty() : Optional.of(recall)));
        }
        return new Scores("test", test.n(), accuracy, more, confusion.counts(), perClass);
    }

    private List<Gallery> galleries() throws IOException {
        Comparator<Integer> bySureness = Comparator.comparingDouble(this::sureness);
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

    private double sureness(int i) {
        return test.probabilities().get(i).get(test.predicted(i));
    }

    private Gallery gallery(String title, String about, Stream<Integer> pictures) throws IOException {
        List<Example> examples = new ArrayList<>();
        for (int i : pictures.limit(EXAMPLES).toList()) {
            ImageSample sample = samples.get(i);
            examples.add(new Example(
                    sample.name(),
                    test.classes().get(test.truth().get(i)),
                    test.classes().get(test.predicted(i)),
                    sureness(i),
                    picture(sample.path()),
                    Optional.empty()));
        }
        return new Gallery(title, about, examples);
    }

    /** Stretched as the network sees it, but not larger than a page needs. */
    private Picture picture(Path file) throws IOException {
        int size = Math.min(manifest.preprocessing().imageSize(), LARGEST_PICTURE);
        RgbImage image = new Resize(size, size).apply(ImageDecoder.decode(file));
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
