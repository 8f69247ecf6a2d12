package io.github.resdensenet.util;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** Formats numbers as Python does: the exact binary value, rounded half to even. */
public final class Decimal {
    private Decimal() {}

    /** Formats a number with a fixed number of decimals, as Python's {@code {:.Nf}}. */
    public static String fixed(double value, int digits) {
        return Double.isFinite(value)
                ? new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).toPlainString()
                : Double.toString(value).toLowerCase(Locale.ROOT);
    }

    /** Formats a fraction (0 to 1) as a percentage with one decimal, without the percent sign. */
    public static String percent(double fraction) {
        return fixed(fraction * 100, 1);
    }

    /** Formats a number with the decimals that it needs, without exponent or trailing zeros. */
    public static String plain(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }

    /** Formats a number in scientific notation with two decimals, as Python's {@code {:.2E}}. */
    public static String scientific(double value) {
        return String.format(
                Locale.ROOT, "%.2E", new BigDecimal(value).round(new MathContext(3, RoundingMode.HALF_EVEN)));
    }
}
