package io.github.resdensenet.report;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.Evaluation.RocCurve;
import io.github.resdensenet.image.PngWriter;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.report.ReportData.Confusion;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A run's report as one HTML file without references to other files or the network. The templates escape names of classes
 * and files according to where on the page they are.
 */
final class HtmlReport {
    /** With more classes the confusion matrix is an image with a list of errors instead of a table. */
    static final int MOST_IN_TABLE = 24;

    private static final int MOST_CONFUSIONS = 20;
    private static final TemplateEngine TEMPLATES = TemplateEngine.createPrecompiled(
            null, ContentType.Html, HtmlReport.class.getClassLoader(), "io.github.resdensenet.report.page");

    private HtmlReport() {}

    /** The page. */
    static String html(ReportData data) {
        List<RocCurve> rocs = data.test().rocCurves().stream()
                .filter(roc -> !roc.points().isEmpty())
                .toList();
        Map<String, Object> values = new HashMap<>();
        values.put("data", data);
        values.put("cards", MetricCards.of(data.test()));
        values.put("limits", data.limits());
        values.put("curves", PageCharts.curves(data.curves()));
        values.put("reliability", PageCharts.reliability(data.test().reliability()));
        values.put("roc", rocs.isEmpty() ? "" : PageCharts.roc(data.test()));
        values.put("rocs", rocs.size());
        values.put("rocsShown", Math.min(rocs.size(), PageCharts.MOST_ROCS));
        values.put("confusions", confusions(data.test()));
        values.put("heatMap", data.classes().size() > MOST_IN_TABLE ? base64(heatMap(data.test())) : "");
        values.put(
                "diagram",
                data.diagram()
                        .map(diagram -> base64(diagram.svg().getBytes(StandardCharsets.UTF_8)))
                        .orElse(""));
        values.put("css", resource("page.css"));
        values.put("js", resource("page.js"));
        StringOutput out = new StringOutput();
        TEMPLATES.render("report.jte", values, out);
        return out.toString();
    }

    /** The page of a cross-validation. */
    static String html(CrossValidationPage page) {
        Evaluation all = page.evaluation();
        boolean hasRoc = all.rocCurves().stream().anyMatch(roc -> !roc.points().isEmpty());
        Map<String, Object> values = new HashMap<>();
        values.put("page", page);
        values.put("cards", MetricCards.of(all, page.calibrated(), "predictions"));
        values.put("confusions", confusions(all));
        values.put("heatMap", all.classes().size() > MOST_IN_TABLE ? base64(heatMap(all)) : "");
        values.put("reliability", PageCharts.reliability(all.reliability()));
        values.put("roc", hasRoc ? PageCharts.roc(all) : "");
        values.put("css", resource("page.css"));
        values.put("js", resource("page.js"));
        StringOutput out = new StringOutput();
        TEMPLATES.render("crossval.jte", values, out);
        return out.toString();
    }

    /** An image as the text of a data: address. */
    static String base64(RgbImage image) {
        return base64(PngWriter.rgb(image.width(), image.height(), image.pixels()));
    }

    private static String base64(byte[] file) {
        return Base64.getEncoder().encodeToString(file);
    }

    private static List<Confusion> confusions(Evaluation test) {
        List<Confusion> all = new ArrayList<>();
        List<List<Integer>> counts = test.confusion().counts();
        for (int t = 0; t < counts.size(); t++) {
            for (int p = 0; p < counts.size(); p++) {
                int n = counts.get(t).get(p);
                if (t != p && n > 0) {
                    all.add(new Confusion(
                            test.classes().get(t),
                            test.classes().get(p),
                            n,
                            test.confusion().images(t)));
                }
            }
        }
        all.sort(Comparator.comparingInt(Confusion::n).reversed());
        return List.copyOf(all.subList(0, Math.min(MOST_CONFUSIONS, all.size())));
    }

    /** One pixel per cell, the more opaque the larger its fraction of the row. */
    private static byte[] heatMap(Evaluation test) {
        List<List<Integer>> counts = test.confusion().counts();
        int n = counts.size();
        BufferedImage image = new BufferedImage(n, n, BufferedImage.TYPE_INT_ARGB);
        for (int t = 0; t < n; t++) {
            int of = test.confusion().images(t);
            for (int p = 0; p < n; p++) {
                long alpha =
                        of == 0 ? 0 : Math.round(255 * Math.sqrt(counts.get(t).get(p) / (double) of));
                image.setRGB(p, t, (int) (alpha << 24) | (t == p ? 0x2f9e44 : 0xe03131));
            }
        }
        return PngWriter.encode(image);
    }

    private static String resource(String name) {
        try (InputStream in = Objects.requireNonNull(HtmlReport.class.getResourceAsStream(name))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("the built-in file " + name + " cannot be read", e);
        }
    }
}
