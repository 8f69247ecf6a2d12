package io.github.resdensenet.report;

import io.github.resdensenet.report.ReportData.Figure;
import java.util.Locale;

/** Numbers in print, for the templates. */
public final class Text {
    private Text() {}

    /** A share of 1 as a percentage. */
    public static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f%%", 100 * share);
    }

    /** A number with three decimals. */
    public static String decimal(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    /** A figure without its interval. */
    public static String value(Figure figure) {
        return figure.percent() ? percent(figure.value()) : decimal(figure.value());
    }

    /** The interval in brackets, or nothing. */
    public static String interval(Figure figure) {
        return figure.interval()
                .map(i -> figure.percent()
                        ? percent(i.low()) + " to " + percent(i.high())
                        : decimal(i.low()) + " to " + decimal(i.high()))
                .orElse("");
    }
}
