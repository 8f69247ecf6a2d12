package io.github.resdensenet.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A value axis with round ticks that covers all values.
 *
 * @param low lowest tick
 * @param high highest tick
 * @param step distance of ticks
 */
record Axis(double low, double high, double step) {
    static Axis over(List<List<Double>> values) {
        double[] finite = values.stream()
                .flatMap(List::stream)
                .mapToDouble(Double::doubleValue)
                .filter(Double::isFinite)
                .sorted()
                .toArray();
        double min = finite.length == 0 ? 0 : finite[0];
        double max = finite.length == 0 ? 1 : finite[finite.length - 1];
        double span = Math.max(max - min, 1e-3 * Math.max(1, Math.abs(max)));
        double power = Math.pow(10, Math.floor(Math.log10(span / 5)));
        double step = power;
        for (double factor : new double[] {1, 2, 5, 10}) {
            step = factor * power;
            if (span / step <= 6) {
                break;
            }
        }
        double low = Math.floor(min / step + 1e-9) * step;
        double high = Math.ceil(max / step - 1e-9) * step;
        return new Axis(low, high > low ? high : low + step, step);
    }

    /** Where a value lies between low (0) and high (1); a value that is no number lies at the top. */
    double share(double value) {
        return Double.isFinite(value) ? (value - low) / (high - low) : 1;
    }

    List<Double> ticks() {
        List<Double> ticks = new ArrayList<>();
        for (long i = 0; low + i * step <= high + step / 2; i++) {
            ticks.add(low + i * step);
        }
        return ticks;
    }

    /** A tick's value with the digits that tell neighbours apart; scale is what the value was multiplied by. */
    String label(double value, double scale) {
        int digits = (int) Math.max(0, -Math.floor(Math.log10(step * scale) + 1e-9));
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }
}
