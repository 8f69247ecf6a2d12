package io.github.resdensenet.report;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.Interval;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.plot.Diagram;
import io.github.resdensenet.plot.Diagram.Step;
import io.github.resdensenet.plot.LearningCurves;
import io.github.resdensenet.report.ReportData.Audit;
import io.github.resdensenet.report.ReportData.Example;
import io.github.resdensenet.report.ReportData.Finding;
import io.github.resdensenet.report.ReportData.Gallery;
import io.github.resdensenet.report.ReportData.SubsetCounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/** Reports with made-up data. {@link #main} writes them to files that can be viewed in a browser. */
public final class SampleReports {
    /** A name that must be escaped. */
    static final String HOSTILE = "<script>alert('x')</script>\"&";

    private static final Map<Integer, Evaluation> EVALUATIONS = new ConcurrentHashMap<>();

    private SampleReports() {}

    /** Writes the four pages into the folder in the first argument. */
    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args[0]);
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("3-classes-1-epoch.html"), HtmlReport.html(of(3, 1, Subset.TEST)));
        Files.writeString(folder.resolve("3-classes-100-epochs.html"), HtmlReport.html(of(3, 100, Subset.VAL)));
        Files.writeString(folder.resolve("100-classes-1-epoch.html"), HtmlReport.html(of(100, 1, Subset.VAL)));
        Files.writeString(folder.resolve("100-classes-100-epochs.html"), HtmlReport.html(of(100, 100, Subset.VAL)));
    }

    static List<String> names(int classes) {
        List<String> names = new ArrayList<>(List.of("正常", "轻度骨性关节炎", HOSTILE));
        for (int i = names.size(); i < classes; i++) {
            names.add(i == 7 ? "averylongclassname".repeat(6) : "类别 " + i);
        }
        return names.subList(0, classes);
    }

    /** How many images of a true class are predicted as another. */
    private static int count(int classes, int truth, int predicted) {
        if (predicted == truth) {
            return 40 - truth % 23;
        }
        boolean confused = predicted == (truth + 1) % classes || (predicted * 7 + truth * 3) % 41 == 0;
        return confused ? 2 + predicted % 3 : 0;
    }

    private static Evaluation evaluation(int classes) {
        return EVALUATIONS.computeIfAbsent(classes, n -> {
            List<Integer> truth = new ArrayList<>();
            List<double[]> probabilities = new ArrayList<>();
            for (int t = 0; t < n; t++) {
                for (int p = 0; p < n; p++) {
                    for (int i = 0; i < count(n, t, p); i++) {
                        double confidence = 0.985 + 0.001 * (i % 12);
                        double[] row = new double[n];
                        Arrays.fill(row, (1 - confidence) / (n - 1));
                        row[p] = confidence;
                        truth.add(t);
                        probabilities.add(row);
                    }
                }
            }
            return Evaluation.of(
                    names(n),
                    truth.stream().mapToInt(Integer::intValue).toArray(),
                    probabilities.toArray(double[][]::new),
                    null,
                    false);
        });
    }

    static ReportData of(int classes, int epochs, Subset selectedOn) {
        List<String> names = names(classes);
        List<Integer> counts =
                IntStream.range(0, classes).mapToObj(c -> 400 - 3 * c).toList();
        return new ReportData(
                "ResDenseNet",
                "膝关节 X光",
                curves(names, epochs),
                selectedOn,
                new Interval(0.80, 0.92),
                evaluation(classes),
                List.of(
                        new Gallery(
                                "Most confident errors",
                                "Wrong predictions with the highest probability.",
                                examples(names, true)),
                        new Gallery("Least confident predictions", "The lowest probability.", examples(names, false))),
                Arrays.stream(Subset.values())
                        .map(subset -> new SubsetCounts(subset, counts))
                        .toList(),
                Optional.of(new Audit(
                        "1,661 images, 2 findings.",
                        List.of(
                                new Finding("Two files have the same pixels.", List.of(HOSTILE + ".png", "正常/二.png")),
                                new Finding(
                                        "The images are grey-scale: saturation jitter has no effect.", List.of())))),
                Optional.of(new Diagram(
                        "ResDenseNet",
                        8,
                        1_986_691,
                        1_060_000_000,
                        List.of(
                                new Step("Conv2d", "conv", "Conv 1\u00d71", 0, List.of(0), 1, List.of(1L, 8L, 8L, 8L)),
                                new Step("Linear", "head", "Linear", 0, List.of(1), 2, List.of(1L, 3L)),
                                new Step("Net", "", "Net", 2, List.of(), 2, List.of(1L, 3L))))),
                Map.of("Image folder", "/data/" + HOSTILE, "java", "17.0.15", "SHA-256", "0123456789abcdef".repeat(4)),
                "model:\n  name: resdensenet\n  note: \"" + HOSTILE + "\"\n");
    }

    private static LearningCurves curves(List<String> names, int epochs) {
        List<Double> rising = IntStream.range(0, epochs)
                .mapToObj(i -> 0.5 + 0.45 * Math.sqrt(i / (double) epochs))
                .toList();
        List<Double> checked = IntStream.range(0, epochs)
                .mapToObj(i -> rising.get(i) - 0.04 - 0.03 * Math.sin(i * 1.7))
                .toList();
        List<Double> falling = rising.stream().map(a -> 1.6 - 1.3 * a).toList();
        List<Double> checkedLoss = checked.stream().map(a -> 1.6 - 1.3 * a).toList();
        List<Double> lr = IntStream.range(0, epochs)
                .mapToObj(i -> 5e-4 * (1 + Math.cos(Math.PI * i / epochs)))
                .toList();
        int best = checked.indexOf(checked.stream().max(Double::compare).orElseThrow()) + 1;
        return new LearningCurves(
                "ResDenseNet on " + names.get(0), "Validation", rising, checked, falling, checkedLoss, lr, best);
    }

    private static List<Example> examples(List<String> names, boolean overlays) {
        return IntStream.range(0, 8)
                .mapToObj(i -> new Example(
                        names.get(i % 3) + "/" + HOSTILE + i + ".png",
                        names.get(i % 3),
                        names.get((i + 1) % 3),
                        0.99 - 0.03 * i,
                        image(i, 64),
                        overlays ? Optional.of(image(i + 50, 64)) : Optional.empty()))
                .toList();
    }

    private static RgbImage image(int key, int size) {
        byte[] rgb = new byte[3 * size * size];
        for (int i = 0; i < rgb.length; i++) {
            int x = i / 3 % size;
            int y = i / 3 / size;
            rgb[i] = (byte) (128 + 100 * Math.sin((x * (1 + key % 4) + y * (1 + key % 3)) / 9.0 + i % 3 * (key % 5)));
        }
        return new RgbImage(size, size, rgb);
    }
}
