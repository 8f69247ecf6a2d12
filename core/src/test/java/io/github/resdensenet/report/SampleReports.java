package io.github.resdensenet.report;

import io.github.resdensenet.report.ReportData.Audit;
import io.github.resdensenet.report.ReportData.Calibration;
import io.github.resdensenet.report.ReportData.Choice;
import io.github.resdensenet.report.ReportData.ClassScore;
import io.github.resdensenet.report.ReportData.Example;
import io.github.resdensenet.report.ReportData.Figure;
import io.github.resdensenet.report.ReportData.Finding;
import io.github.resdensenet.report.ReportData.Gallery;
import io.github.resdensenet.report.ReportData.Interval;
import io.github.resdensenet.report.ReportData.Part;
import io.github.resdensenet.report.ReportData.Roc;
import io.github.resdensenet.report.ReportData.Scores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Reports of made-up runs; {@link #main} writes them for a look in a browser. */
public final class SampleReports {
    /** A name that is no tag. */
    static final String HOSTILE = "<script>alert('x')</script>\"&";

    private SampleReports() {}

    /** Writes the four pages into a folder. */
    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args[0]);
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("3-classes-1-epoch.html"), HtmlReport.html(of(3, 1, "test")));
        Files.writeString(folder.resolve("3-classes-100-epochs.html"), HtmlReport.html(of(3, 100, "val")));
        Files.writeString(folder.resolve("100-classes-1-epoch.html"), HtmlReport.html(of(100, 1, "val")));
        Files.writeString(folder.resolve("100-classes-100-epochs.html"), HtmlReport.html(of(100, 100, "val")));
    }

    static List<String> names(int classes) {
        List<String> names = new ArrayList<>(List.of("正常", "轻度骨性关节炎", HOSTILE));
        for (int i = names.size(); i < classes; i++) {
            names.add(i == 7 ? "averylongclassname".repeat(6) : "类别 " + i);
        }
        return names.subList(0, classes);
    }

    static ReportData of(int classes, int epochs, String selectOn) {
        List<String> names = names(classes);
        List<List<Integer>> confusion = new ArrayList<>();
        for (int t = 0; t < classes; t++) {
            int truth = t;
            confusion.add(IntStream.range(0, classes)
                    .mapToObj(p -> p == truth
                            ? 40 - truth % 23
                            : p == (truth + 1) % classes || (p * 7 + truth * 3) % 41 == 0 ? 2 + p % 3 : 0)
                    .toList());
        }
        int n = confusion.stream()
                .flatMap(List::stream)
                .mapToInt(Integer::intValue)
                .sum();
        int hits = IntStream.range(0, classes).map(c -> confusion.get(c).get(c)).sum();
        double accuracy = (double) hits / n;
        Interval interval = new Interval(accuracy - 0.05, accuracy + 0.04);
        List<ClassScore> perClass = IntStream.range(0, classes)
                .mapToObj(c -> {
                    int of = confusion.get(c).stream()
                            .mapToInt(Integer::intValue)
                            .sum();
                    double recall = confusion.get(c).get(c) / (double) of;
                    return new ClassScore(
                            of,
                            recall,
                            recall,
                            recall,
                            Optional.of(new Interval(recall * 0.8, Math.min(1, recall * 1.1))));
                })
                .toList();
        Scores scores = new Scores(
                "test",
                n,
                new Figure("Accuracy", accuracy, true, Optional.of(interval), "share of right answers"),
                List.of(
                        new Figure(
                                "Macro F1",
                                0.812,
                                false,
                                Optional.of(new Interval(0.78, 0.85)),
                                "mean over the classes"),
                        new Figure("Negative log-likelihood", 0.512, false, Optional.empty(), "0 is perfect"),
                        new Figure(
                                "ROC-AUC",
                                0.941,
                                false,
                                Optional.of(new Interval(0.92, 0.96)),
                                "mean, one against rest")),
                confusion,
                perClass);
        List<Integer> counts =
                IntStream.range(0, classes).mapToObj(c -> 400 - 3 * c).toList();
        return new ReportData(
                "ResDenseNet",
                "膝关节 X光",
                names,
                curves(names, epochs),
                new Choice(selectOn, new Interval(0.80, 0.92)),
                scores,
                Optional.of(new Calibration(
                        0.061,
                        1.31,
                        IntStream.range(0, 10)
                                .mapToObj(i -> new Calibration.Bin(i < 3 ? 0 : 5 * i, 0.05 + i * 0.1, 0.02 + i * 0.095))
                                .toList())),
                names.stream()
                        .map(name -> new Roc(
                                name,
                                0.9 + 0.001 * names.indexOf(name),
                                IntStream.rangeClosed(0, 300)
                                        .mapToObj(i -> i / 300.0)
                                        .toList(),
                                IntStream.rangeClosed(0, 300)
                                        .mapToObj(i -> Math.pow(i / 300.0, 0.15 + 0.01 * names.indexOf(name)))
                                        .toList()))
                        .toList(),
                List.of(
                        new Gallery(
                                "Surest mistakes",
                                "Wrong answers with the highest probability.",
                                examples(names, true)),
                        new Gallery("Least certain", "The lowest probability.", examples(names, false))),
                List.of(new Part("train", counts), new Part("val", counts), new Part("test", counts)),
                Optional.of(new Audit(
                        "1,661 pictures, 2 findings.",
                        List.of(
                                new Finding("Two files have the same pixels.", List.of(HOSTILE + ".png", "正常/二.png")),
                                new Finding("The pictures are grey: saturation jitter does nothing.", List.of())))),
                Optional.of(new Diagram(
                        "ResDenseNet",
                        8,
                        1_986_691,
                        1_060_000_000,
                        List.of(
                                new Step("Conv2d", "conv", "Conv 1\u00d71", 0, List.of(0), 1, List.of(1L, 8L, 8L, 8L)),
                                new Step("Linear", "head", "Linear", 0, List.of(1), 2, List.of(1L, 3L)),
                                new Step("Net", "", "Net", 2, List.of(), 2, List.of(1L, 3L))))),
                Map.of("Pictures", "/data/" + HOSTILE, "java", "17.0.15", "SHA-256", "0123456789abcdef".repeat(4)),
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
                        picture(i, 64),
                        overlays ? Optional.of(picture(i + 50, 64)) : Optional.empty()))
                .toList();
    }

    private static Picture picture(int key, int size) {
        byte[] rgb = new byte[3 * size * size];
        for (int i = 0; i < rgb.length; i++) {
            int x = i / 3 % size;
            int y = i / 3 / size;
            rgb[i] = (byte) (128 + 100 * Math.sin((x * (1 + key % 4) + y * (1 + key % 3)) / 9.0 + i % 3 * (key % 5)));
        }
        return new Picture(size, size, rgb);
    }
}
