package io.github.resdensenet.compare;

import gg.jte.html.escape.Escape;
import gg.jte.output.StringOutput;
import java.util.List;

/**
 * A page of sections with paragraphs and tables, rendered as a self-contained HTML file or as Markdown. All text is
 * escaped, so markup in names is shown literally.
 *
 * @param title heading of the page
 * @param sections sections in order
 */
record Document(String title, List<Section> sections) {
    /**
     * A section of the page.
     *
     * @param heading heading of the section
     * @param paragraphs one text per paragraph
     * @param tables tables below the paragraphs
     */
    public record Section(String heading, List<String> paragraphs, List<Table> tables) {
        /** Copies the lists. */
        public Section {
            paragraphs = List.copyOf(paragraphs);
            tables = List.copyOf(tables);
        }
    }

    /**
     * A table.
     *
     * @param header column names
     * @param rows rows, each with one cell per column
     */
    public record Table(List<String> header, List<List<String>> rows) {
        /** Copies the lists and checks the number of cells. */
        public Table {
            header = List.copyOf(header);
            rows = List.copyOf(rows);
            int columns = header.size();
            if (rows.stream().anyMatch(row -> row.size() != columns)) {
                throw new IllegalArgumentException("every row must have " + columns + " cells, one per column");
            }
        }
    }

    private static final String STYLE = """
            :root { color-scheme: light dark; --ink: #1c1c1c; --paper: #ffffff; --line: #cccccc; --shade: #f3f3f3; }
            @media (prefers-color-scheme: dark) {
              :root { --ink: #e8e8e8; --paper: #161616; --line: #444444; --shade: #242424; } }
            body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
              max-width: 1200px; margin: 2rem auto; padding: 0 1rem; }
            .wide { overflow-x: auto; }
            table { border-collapse: collapse; font-size: 14px; margin: 1rem 0; }
            th, td { border: 1px solid var(--line); padding: .35rem .6rem; text-align: left; vertical-align: top; }
            th { background: var(--shade); }
            svg { max-width: 100%; height: auto; }
            """;

    /** Copies the list. */
    public Document {
        sections = List.copyOf(sections);
    }

    /**
     * Renders the page as HTML.
     *
     * @param svg figure above the sections, as an SVG document
     */
    public String html(String svg) {
        StringBuilder out = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>")
                .append(escape(title))
                .append("</title>\n<style>\n")
                .append(STYLE)
                .append("</style>\n</head>\n<body>\n<h1>")
                .append(escape(title))
                .append("</h1>\n<div class=\"wide\">\n")
                .append(svg)
                .append("</div>\n");
        for (Section section : sections) {
            out.append("<h2>").append(escape(section.heading())).append("</h2>\n");
            section.paragraphs()
                    .forEach(text -> out.append("<p>").append(escape(text)).append("</p>\n"));
            section.tables().forEach(table -> html(out, table));
        }
        return out.append("</body>\n</html>\n").toString();
    }

    private static void html(StringBuilder out, Table table) {
        out.append("<div class=\"wide\"><table>\n<thead><tr>");
        table.header()
                .forEach(cell ->
                        out.append("<th scope=\"col\">").append(escape(cell)).append("</th>"));
        out.append("</tr></thead>\n<tbody>\n");
        for (List<String> row : table.rows()) {
            out.append("<tr>");
            row.forEach(cell -> out.append("<td>").append(escape(cell)).append("</td>"));
            out.append("</tr>\n");
        }
        out.append("</tbody></table></div>\n");
    }

    /**
     * Renders the page as Markdown.
     *
     * @param figure file name of the figure above the sections
     */
    public String markdown(String figure) {
        StringBuilder out = new StringBuilder("# ")
                .append(plain(title))
                .append("\n\n![")
                .append(plain(title))
                .append("](")
                .append(figure)
                .append(")\n");
        for (Section section : sections) {
            out.append("\n## ").append(plain(section.heading())).append('\n');
            section.paragraphs()
                    .forEach(text -> out.append('\n').append(plain(text)).append('\n'));
            for (Table table : section.tables()) {
                out.append('\n');
                line(out, table.header());
                out.append("| --- ".repeat(table.header().size())).append("|\n");
                table.rows().forEach(row -> line(out, row));
            }
        }
        return out.toString();
    }

    private static void line(StringBuilder out, List<String> cells) {
        cells.forEach(cell -> out.append("| ").append(plain(cell)).append(' '));
        out.append("|\n");
    }

    private static String escape(String text) {
        StringOutput out = new StringOutput();
        Escape.htmlContent(text, out);
        return out.toString();
    }

    /** Escapes text for HTML and Markdown. */
    private static String plain(String text) {
        StringBuilder escaped = new StringBuilder();
        escape(text).codePoints().forEach(c -> {
            if ("\\`*_[]|~#$!".indexOf(c) >= 0) {
                escaped.append('\\');
            }
            escaped.appendCodePoint(c);
        });
        return escaped.toString();
    }
}
