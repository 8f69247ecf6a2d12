package io.github.resdensenet.report;

import io.github.resdensenet.eval.Interval;
import io.github.resdensenet.util.Decimal;
import java.util.Locale;

/** Formats numbers for the report templates. */
public final class Numbers {
    private Numbers() {}

    /** A fraction of 1 as a percentage with one decimal; "-" for NaN. */
    public static String percent(double fraction) {
        return Double.isNaN(fraction) ? "-" : Decimal.percent(fraction) + "%";
    }

    /** A number with three decimals; "-" for NaN. */
    public static String decimal(double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.3f", value);
    }

    /** A number with a power of ten. */
    public static String scientific(double value) {
        return value == 0 ? "0" : String.format(Locale.ROOT, "%.2e", value);
    }

    /** Both bounds with three decimals. */
    public static String decimal(Interval interval) {
        return decimal(interval.low()) + " to " + decimal(interval.high());
    }

    /** Both bounds as percentages. */
    public static String percent(Interval interval) {
        return percent(interval.low()) + " to " + percent(interval.high());
    }
}
