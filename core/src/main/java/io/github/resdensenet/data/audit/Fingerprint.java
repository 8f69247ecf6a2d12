package io.github.resdensenet.data.audit;

import io.github.resdensenet.image.RgbImage;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/**
 * A fingerprint of an image, for finding duplicates.
 *
 * @param pixels checksum of size and pixels, equal for identical images
 * @param thumbnail mean red, green and blue of 16 x 16 cells, row by row, as unsigned bytes
 * @param hash perceptual hash: the signs of the 63 lowest frequencies of the thumbnail's brightness
 * @param mirrored perceptual hash of the mirror image
 */
record Fingerprint(long pixels, byte[] thumbnail, long hash, long mirrored) {
    private static final int CELLS = 16;
    private static final int FREQUENCIES = 8;
    private static final double[][] COSINES = cosines();

    /** The fingerprint of an image of any size. */
    public static Fingerprint of(RgbImage image) {
        CRC32 a = new CRC32();
        CRC32C b = new CRC32C();
        a.update(image.pixels());
        b.update(image.pixels());
        b.update(image.width() >> 8);
        b.update(image.width());
        byte[] thumbnail = thumbnail(image);
        double[][] spectrum = spectrum(brightness(thumbnail));
        long hash = 0;
        long mirrored = 0;
        for (int v = 0, bit = 0; v < FREQUENCIES; v++) {
            for (int u = 0; u < FREQUENCIES; u++, bit++) {
                double value = u + v == 0 ? 0 : spectrum[v][u];
                hash |= value > 0 ? 1L << bit : 0;
                // Mirroring changes the sign of the odd horizontal frequencies.
                mirrored |= (u % 2 == 0 ? value : -value) > 0 ? 1L << bit : 0;
            }
        }
        return new Fingerprint(a.getValue() << 32 | b.getValue(), thumbnail, hash, mirrored);
    }

    /** Mean values of a grid of cells. Pixels on a border between cells count partly for each of the cells. */
    private static byte[] thumbnail(RgbImage image) {
        int w = image.width();
        int h = image.height();
        byte[] pixels = image.pixels();
        double[] sums = new double[CELLS * CELLS * 3];
        double[] row = new double[CELLS * 3];
        double cellHeight = (double) h / CELLS;
        for (int y = 0; y < h; y++) {
            Arrays.fill(row, 0);
            addRow(pixels, 3 * y * w, w, row);
            for (int cell = (int) (y / cellHeight); cell < CELLS && cell * cellHeight < y + 1; cell++) {
                double fraction = Math.min(y + 1, (cell + 1) * cellHeight) - Math.max(y, cell * cellHeight);
                for (int i = 0; i < row.length; i++) {
                    sums[cell * row.length + i] += fraction * row[i];
                }
            }
        }
        byte[] means = new byte[sums.length];
        double area = cellHeight * w / CELLS;
        for (int i = 0; i < sums.length; i++) {
            means[i] = (byte) Math.round(sums[i] / area);
        }
        return means;
    }

    private static void addRow(byte[] pixels, int at, int w, double[] row) {
        double cellWidth = (double) w / CELLS;
        for (int cell = 0; cell < CELLS; cell++) {
            double from = cell * cellWidth;
            double to = (cell + 1) * cellWidth;
            int first = (int) from;
            int last = Math.min(w - 1, (int) to);
            int red = 0;
            int green = 0;
            int blue = 0;
            for (int x = first + 1, i = at + 3 * x; x < last; x++, i += 3) {
                red += pixels[i] & 255;
                green += pixels[i + 1] & 255;
                blue += pixels[i + 2] & 255;
            }
            double head = Math.min(first + 1, to) - from;
            double tail = last > first ? to - last : 0;
            int f = at + 3 * first;
            int l = at + 3 * last;
            row[3 * cell] += red + head * (pixels[f] & 255) + tail * (pixels[l] & 255);
            row[3 * cell + 1] += green + head * (pixels[f + 1] & 255) + tail * (pixels[l + 1] & 255);
            row[3 * cell + 2] += blue + head * (pixels[f + 2] & 255) + tail * (pixels[l + 2] & 255);
        }
    }

    private static double[] brightness(byte[] thumbnail) {
        double[] values = new double[CELLS * CELLS];
        for (int i = 0; i < values.length; i++) {
            values[i] = 0.299 * (thumbnail[3 * i] & 255)
                    + 0.587 * (thumbnail[3 * i + 1] & 255)
                    + 0.114 * (thumbnail[3 * i + 2] & 255);
        }
        return values;
    }

    /** The lowest frequencies of the two-dimensional discrete cosine transform. */
    private static double[][] spectrum(double[] values) {
        double[][] columns = new double[CELLS][FREQUENCIES];
        for (int y = 0; y < CELLS; y++) {
            for (int u = 0; u < FREQUENCIES; u++) {
                for (int x = 0; x < CELLS; x++) {
                    columns[y][u] += values[y * CELLS + x] * COSINES[u][x];
                }
            }
        }
        double[][] result = new double[FREQUENCIES][FREQUENCIES];
        for (int v = 0; v < FREQUENCIES; v++) {
            for (int u = 0; u < FREQUENCIES; u++) {
                for (int y = 0; y < CELLS; y++) {
                    result[v][u] += columns[y][u] * COSINES[v][y];
                }
            }
        }
        return result;
    }

    private static double[][] cosines() {
        double[][] table = new double[FREQUENCIES][CELLS];
        for (int f = 0; f < FREQUENCIES; f++) {
            for (int i = 0; i < CELLS; i++) {
                table[f][i] = Math.cos(Math.PI * f * (2 * i + 1) / (2 * CELLS));
            }
        }
        return table;
    }

    /** The mean absolute difference to another thumbnail or its mirror image, 0 to 255. */
    double distance(Fingerprint other, boolean mirror) {
        double sum = 0;
        for (int y = 0; y < CELLS; y++) {
            for (int x = 0; x < CELLS; x++) {
                int here = 3 * (y * CELLS + x);
                int there = 3 * (y * CELLS + (mirror ? CELLS - 1 - x : x));
                for (int c = 0; c < 3; c++) {
                    sum += Math.abs((thumbnail[here + c] & 255) - (other.thumbnail[there + c] & 255));
                }
            }
        }
        return sum / thumbnail.length;
    }

    /** The contrast of the thumbnail: the mean absolute deviation from the mean of each channel, 0 to 255. */
    double contrast() {
        double[] mean = new double[3];
        for (int i = 0; i < thumbnail.length; i++) {
            mean[i % 3] += 3.0 * (thumbnail[i] & 255) / thumbnail.length;
        }
        double sum = 0;
        for (int i = 0; i < thumbnail.length; i++) {
            sum += Math.abs((thumbnail[i] & 255) - mean[i % 3]);
        }
        return sum / thumbnail.length;
    }
}
