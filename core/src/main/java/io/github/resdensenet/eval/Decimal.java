package io.github.resdensenet.eval;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** Numbers as Python prints them: the exact binary value, rounded half to even. */
public final class Decimal {
    private Decimal() {}

    /** As Python's {@code {:.Nf}}. */
    public static String fixed(double value, int digits) {
        return Double.isFinite(value)
                ? new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).toPlainString()
                : Double.toString(value).toLowerCase(Locale.ROOT);
    }

    /** A share of 1 as a percentage with one digit, without the sign. */
    public static String percent(double share) {
        return fixed(share * 100, 1);
    }

    /** As Python's {@code {:.2E}}. */
    public static String scientific(double value) {
        return String.format(
                Locale.ROOT, "%.2E", new BigDecimal(value).round(new MathContext(3, RoundingMode.HALF_EVEN)));
    }
}
