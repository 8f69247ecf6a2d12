package io.github.resdensenet.report;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
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
 * A run's report as one HTML file that needs nothing else: no network, no other file. Names of classes and files are
 * escaped by the templates, which know where in the page they write.
 */
public final class HtmlReport {
    /** Up to so many classes the confusion matrix is a table, beyond it a picture with a list. */
    static final int MOST_IN_TABLE = 24;

    private static final int MOST_CONFUSIONS = 20;
    private static final TemplateEngine TEMPLATES = TemplateEngine.createPrecompiled(
            null, ContentType.Html, HtmlReport.class.getClassLoader(), "io.github.resdensenet.report.page");

    private HtmlReport() {}

    /**
     * Pictures of one class that were taken for another.
     *
     * @param truth name of the class
     * @param predicted name of the other
     * @param n how many
     * @param of how many pictures the class has
     */
    public record Confusion(String truth, String predicted, int n, int of) {}

    /** Writes the page. */
    public static String html(ReportData data) {
        Map<String, Object> values = new HashMap<>();
        values.put("data", data);
        values.put("limits", Limits.of(data));
        values.put("curves", Charts.curves(data.curves()));
        values.put("reliability", data.calibration().map(Charts::reliability).orElse(""));
        values.put("roc", data.roc().isEmpty() ? "" : Charts.roc(data.roc()));
        values.put("rocsShown", Charts.shown(data.roc()).size());
        values.put("confusions", confusions(data));
        values.put("heatMap", data.classes().size() > MOST_IN_TABLE ? base64(heatMap(data)) : "");
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

    /** A picture's file as text, for an address of the kind data:. */
    public static String base64(Picture picture) {
        return base64(picture.png());
    }

    private static String base64(byte[] file) {
        return Base64.getEncoder().encodeToString(file);
    }

    private static List<Confusion> confusions(ReportData data) {
        List<Confusion> all = new ArrayList<>();
        List<List<Integer>> counts = data.scores().confusion();
        for (int t = 0; t < counts.size(); t++) {
            int of = counts.get(t).stream().mapToInt(Integer::intValue).sum();
            for (int p = 0; p < counts.size(); p++) {
                int n = counts.get(t).get(p);
                if (t != p && n > 0) {
                    all.add(new Confusion(data.classes().get(t), data.classes().get(p), n, of));
                }
            }
        }
        all.sort(Comparator.comparingInt(Confusion::n).reversed());
        return List.copyOf(all.subList(0, Math.min(MOST_CONFUSIONS, all.size())));
    }

    /** A pixel a cell, the less transparent the larger its share of the row. */
    private static byte[] heatMap(ReportData data) {
        List<List<Integer>> counts = data.scores().confusion();
        int n = counts.size();
        BufferedImage image = new BufferedImage(n, n, BufferedImage.TYPE_INT_ARGB);
        for (int t = 0; t < n; t++) {
            int of = counts.get(t).stream().mapToInt(Integer::intValue).sum();
            for (int p = 0; p < n; p++) {
                long alpha =
                        of == 0 ? 0 : Math.round(255 * Math.sqrt(counts.get(t).get(p) / (double) of));
                image.setRGB(p, t, (int) (alpha << 24) | (t == p ? 0x2f9e44 : 0xe03131));
            }
        }
        return Png.encode(image);
    }

    private static String resource(String name) {
        try (InputStream in = Objects.requireNonNull(HtmlReport.class.getResourceAsStream(name))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("the program's file " + name + " cannot be read", e);
        }
    }
}
