package io.github.resdensenet.plot;

import java.util.Base64;
import java.util.Locale;

/** Builds an SVG document. All text is escaped. */
final class Svg {
    /** Fonts with Latin and Chinese glyphs on common systems, in order of preference. */
    static final String FONTS = "'Noto Sans','Noto Sans CJK SC','Noto Sans SC','PingFang SC','Microsoft YaHei',"
            + "'WenQuanYi Micro Hei','Helvetica Neue',Arial,sans-serif";

    private final StringBuilder out = new StringBuilder();
    private final int height;

    Svg(int width, int height, String title, String fontFamily) {
        this.height = height;
        out.append("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%s\" height=\"%s\" viewBox=\"0 0 %s %s\""
                .formatted(width, height, width, height));
        out.append(" role=\"img\" font-family=\"").append(escape(fontFamily)).append("\">\n");
        out.append("<title>").append(escape(title)).append("</title>\n");
        rect(0, 0, width, height, "#ffffff");
    }

    Svg rect(double x, double y, double width, double height, String fill) {
        out.append("<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\"/>\n"
                .formatted(number(x), number(y), number(width), number(height), fill));
        return this;
    }

    Svg box(double x, double y, double width, double height, double radius, String fill, String stroke) {
        out.append(
                "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"%s\" fill=\"%s\" stroke=\"%s\" stroke-width=\"1.5\"/>\n"
                        .formatted(number(x), number(y), number(width), number(height), number(radius), fill, stroke));
        return this;
    }

    /** An arrow along a polyline with the coordinates x, y, x, y, ... */
    Svg arrow(String stroke, double width, boolean dashed, double... points) {
        int n = points.length;
        double dx = Math.signum(points[n - 2] - points[n - 4]);
        double dy = Math.signum(points[n - 1] - points[n - 3]);
        double tipX = points[n - 2];
        double tipY = points[n - 1];
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < n; i += 2) {
            boolean last = i == n - 2;
            path.append(i == 0 ? "M" : " L")
                    .append(number(points[i] - (last ? 7 * dx : 0)))
                    .append(' ')
                    .append(number(points[i + 1] - (last ? 7 * dy : 0)));
        }
        out.append("<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\"%s/>\n"
                .formatted(path, stroke, number(width), dashed ? " stroke-dasharray=\"7 4\"" : ""));
        out.append("<path d=\"M%s %s L%s %s L%s %s Z\" fill=\"%s\"/>\n"
                .formatted(
                        number(tipX),
                        number(tipY),
                        number(tipX - 9 * dx + 4.5 * dy),
                        number(tipY - 9 * dy + 4.5 * dx),
                        number(tipX - 9 * dx - 4.5 * dy),
                        number(tipY - 9 * dy - 4.5 * dx),
                        stroke));
        return this;
    }

    Svg line(double x1, double y1, double x2, double y2, String stroke, double width) {
        out.append("<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" stroke=\"%s\" stroke-width=\"%s\"/>\n"
                .formatted(number(x1), number(y1), number(x2), number(y2), stroke, number(width)));
        return this;
    }

    Svg circle(double x, double y, double radius, String fill) {
        out.append("<circle cx=\"%s\" cy=\"%s\" r=\"%s\" fill=\"%s\"/>\n"
                .formatted(number(x), number(y), number(radius), fill));
        return this;
    }

    Svg polyline(double[] x, double[] y, String stroke, boolean dashed) {
        out.append("<polyline fill=\"none\" stroke=\"")
                .append(stroke)
                .append(dashed ? "\" stroke-dasharray=\"7 4" : "")
                .append("\" stroke-width=\"2\" stroke-linejoin=\"round\" points=\"");
        for (int i = 0; i < x.length; i++) {
            out.append(i == 0 ? "" : " ").append(number(x[i])).append(',').append(number(y[i]));
        }
        out.append("\"/>\n");
        return this;
    }

    /** A PNG image, stretched to a rectangle. */
    Svg image(double x, double y, double width, double height, byte[] png) {
        out.append("<image x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" preserveAspectRatio=\"none\""
                .formatted(number(x), number(y), number(width), number(height)));
        out.append(" href=\"data:image/png;base64,")
                .append(Base64.getEncoder().encodeToString(png))
                .append("\"/>\n");
        return this;
    }

    /** Text at a point; anchor is start, middle or end. */
    Svg text(double x, double y, double size, String anchor, String fill, String text) {
        out.append("<text x=\"%s\" y=\"%s\" font-size=\"%s\" text-anchor=\"%s\" fill=\"%s\">%s</text>\n"
                .formatted(number(x), number(y), number(size), anchor, fill, escape(text)));
        return this;
    }

    Svg bold(double x, double y, double size, String anchor, String fill, String text) {
        out.append(
                "<text x=\"%s\" y=\"%s\" font-size=\"%s\" font-weight=\"bold\" text-anchor=\"%s\" fill=\"%s\">%s</text>\n"
                        .formatted(number(x), number(y), number(size), anchor, fill, escape(text)));
        return this;
    }

    /** Adds elements as SVG source. */
    Svg add(String elements) {
        out.append(elements).append('\n');
        return this;
    }

    int height() {
        return height;
    }

    /** The finished document. */
    @Override
    public String toString() {
        return out + "</svg>\n";
    }

    static String number(double value) {
        String text = String.format(Locale.ROOT, "%.2f", value);
        return text.endsWith(".00") ? text.substring(0, text.length() - 3) : text;
    }

    /** Escapes text for XML and HTML. Characters that XML does not allow become "?". */
    public static String escape(String text) {
        StringBuilder escaped = new StringBuilder();
        text.codePoints().forEach(c -> {
            switch (c) {
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '&' -> escaped.append("&amp;");
                case '"' -> escaped.append("&quot;");
                default ->
                    escaped.appendCodePoint(
                            c >= 0x20 && c != 0xFFFE && c != 0xFFFF && !(c >= 0xD800 && c <= 0xDFFF) ? c : '?');
            }
        });
        return escaped.toString();
    }
}
