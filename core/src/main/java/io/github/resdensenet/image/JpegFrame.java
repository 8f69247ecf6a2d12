package io.github.resdensenet.image;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The frame header of a JPEG, with the progress of its scans.
 *
 * @param width in pixels
 * @param height in pixels
 * @param progressive whether the coefficients are spread over several scans
 * @param components the colour channels
 */
record JpegFrame(int width, int height, boolean progressive, List<Component> components) {
    /**
     * A colour channel.
     *
     * @param id identifier in scan headers
     * @param h horizontal samples per MCU (minimum coded unit)
     * @param v vertical samples per MCU
     * @param columns 8 x 8 blocks per row, without padding
     * @param rows 8 x 8 blocks per column, without padding
     * @param stride 8 x 8 blocks per row, padded to whole MCUs
     * @param nonZero bit mask per block of the coefficients that are not zero so far; empty for a sequential JPEG
     * @param missing number of bits per coefficient that no scan has provided so far; -1 for all
     */
    record Component(int id, int h, int v, int columns, int rows, int stride, long[] nonZero, int[] missing) {}

    static JpegFrame of(ByteBuffer body, boolean progressive) throws FormatException {
        if (body.limit() < 6 || body.limit() != 6 + 3 * body.get(5)) {
            throw FormatException.corrupt("the JPEG frame header has an invalid length of " + body.limit() + " bytes");
        }
        if (body.get(0) != 8) { // bits per sample
            throw FormatException.unsupported("JPEG with " + body.get(0) + " bits per sample, must be 8");
        }
        int height = body.getShort(1) & 0xFFFF;
        int width = body.getShort(3) & 0xFFFF;
        ImageFile.checkSize(width, height);
        int count = body.get(5);
        if (count != 1 && count != 3 && count != 4) {
            throw FormatException.corrupt("the JPEG has " + count + " colour channels, must be 1, 3 or 4");
        }
        int hMax = 1;
        int vMax = 1;
        for (int i = 0; i < count; i++) {
            int sampling = body.get(7 + 3 * i);
            int h = sampling >> 4;
            int v = sampling & 15;
            if (h < 1 || h > 4 || v < 1 || v > 4) {
                throw FormatException.corrupt("the JPEG has sampling factors " + h + " x " + v + ", must be 1 to 4");
            }
            hMax = Math.max(hMax, h);
            vMax = Math.max(vMax, v);
        }
        List<Component> components = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int h = body.get(7 + 3 * i) >> 4;
            int v = body.get(7 + 3 * i) & 15;
            int stride = ceil(width, 8 * hMax) * h;
            int padded = ceil(height, 8 * vMax) * v;
            int[] missing = new int[64];
            Arrays.fill(missing, -1);
            components.add(new Component(
                    body.get(6 + 3 * i) & 255,
                    h,
                    v,
                    ceil(ceil(width * h, hMax), 8),
                    ceil(ceil(height * v, vMax), 8),
                    stride,
                    new long[progressive ? stride * padded : 0],
                    missing));
        }
        return new JpegFrame(width, height, progressive, List.copyOf(components));
    }

    private static int ceil(int a, int b) {
        return (a + b - 1) / b;
    }

    /** MCUs per row in a scan with several components. */
    int mcuColumns() {
        Component first = components.get(0);
        return first.stride() / first.h();
    }

    /** MCU rows in a scan with several components. */
    int mcuRows() {
        int vMax = components.stream().mapToInt(Component::v).max().orElseThrow();
        return ceil(height, 8 * vMax);
    }

    /** Checks that the scans have provided all bits of all coefficients. */
    void checkComplete() throws FormatException {
        for (Component component : components) {
            if (Arrays.stream(component.missing()).anyMatch(bits -> bits != 0)) {
                throw FormatException.truncated("the JPEG ends before its last scan");
            }
        }
    }
}
