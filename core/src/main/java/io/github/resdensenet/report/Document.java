package io.github.resdensenet.report;

import java.util.List;

/**
 * A page of paragraphs and tables, as HTML that needs no other file and as Markdown. All text is shown as it is: whatever
 * a name contains is no markup.
 *
 * @param title heading of the page
 * @param sections what follows
 */
public record Document(String title, List<Section> sections) {
    /**
     * A part of the page.
     *
     * @param heading its heading
     * @param paragraphs text, a list item each
     * @param tables tables below the text
     */
    public record Section(String heading, List<String> paragraphs, List<Table> tables) {
        /** Keeps its own lists. */
        public Section {
            paragraphs = List.copyOf(paragraphs);
            tables = List.copyOf(tables);
        }
    }

    /**
     * A table.
     *
     * @param header names of the columns
     * @param rows as many cells each
     */
    public record Table(List<String> header, List<List<String>> rows) {
        /** Keeps its own lists. */
        public Table {
            header = List.copyOf(header);
            rows = List.copyOf(rows);
            int columns = header.size();
            if (rows.stream().anyMatch(row -> row.size() != columns)) {
                throw new IllegalArgumentException("every row must have " + columns + " cells");
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

    /** Keeps its own list. */
    public Document {
        sections = List.copyOf(sections);
    }

    /**
     * The page as HTML.
     *
     * @param svg a picture above the sections, an SVG document
     */
    public String html(String svg) {
        StringBuilder out = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>")
                .append(Svg.escape(title))
                .append("</title>\n<style>\n")
                .append(STYLE)
                .append("</style>\n</head>\n<body>\n<h1>")
                .append(Svg.escape(title))
                .append("</h1>\n<div class=\"wide\">\n")
                .append(svg)
                .append("</div>\n");
        for (Section section : sections) {
            out.append("<h2>").append(Svg.escape(section.heading())).append("</h2>\n");
            section.paragraphs()
                    .forEach(text -> out.append("<p>").append(Svg.escape(text)).append("</p>\n"));
            section.tables().forEach(table -> html(out, table));
        }
        return out.append("</body>\n</html>\n").toString();
    }

    private static void html(StringBuilder out, Table table) {
        out.append("<div class=\"wide\"><table>\n<thead><tr>");
        table.header()
                .forEach(cell -> out.append("<th scope=\"col\">")
                        .append(Svg.escape(cell))
                        .append("</th>"));
        out.append("</tr></thead>\n<tbody>\n");
        for (List<String> row : table.rows()) {
            out.append("<tr>");
            row.forEach(cell -> out.append("<td>").append(Svg.escape(cell)).append("</td>"));
            out.append("</tr>\n");
        }
        out.append("</tbody></table></div>\n");
    }

    /**
     * The page as Markdown.
     *
     * @param picture file name of a picture above the sections
     */
    public String markdown(String picture) {
        StringBuilder out = new StringBuilder("# ")
                .append(plain(title))
                .append("\n\n![")
                .append(plain(title))
                .append("](")
                .append(picture)
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

    /** Text that Markdown shows as it is. */
    private static String plain(String text) {
        StringBuilder escaped = new StringBuilder();
        Svg.escape(text).codePoints().forEach(c -> {
            if ("\\`*_[]|~#$!".indexOf(c) >= 0) {
                escaped.append('\\');
            }
            escaped.appendCodePoint(c);
        });
        return escaped.toString();
    }
}
