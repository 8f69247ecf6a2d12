package io.github.resdensenet.data.format;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The frame header of a JPEG, and what its scans have brought so far.
 *
 * @param width in pixels
 * @param height in pixels
 * @param progressive whether the coefficients come in several scans
 * @param components the colour channels
 */
record JpegFrame(int width, int height, boolean progressive, List<Component> components) {
    /**
     * A colour channel.
     *
     * @param id its name in scan headers
     * @param h horizontal samples in an MCU
     * @param v vertical samples in an MCU
     * @param columns blocks of 8 x 8 in a row, without padding
     * @param rows blocks in a column
     * @param stride blocks in a row with the padding of whole MCUs
     * @param nonZero of a progressive picture: which coefficients of each block are not zero so far
     * @param missing bits of each coefficient that no scan has brought; -1 for all
     */
    record Component(int id, int h, int v, int columns, int rows, int stride, long[] nonZero, int[] missing) {}

    static JpegFrame of(ByteBuffer body, boolean progressive) throws FormatException {
        if (body.limit() < 6 || body.limit() != 6 + 3 * body.get(5)) {
            throw FormatException.damaged("the JPEG header has " + body.limit() + " bytes");
        }
        if (body.get(0) != 8) { // bits a sample
            throw new FormatException("a JPEG of " + body.get(0) + " bits, only 8 are read");
        }
        int height = body.getShort(1) & 0xFFFF;
        int width = body.getShort(3) & 0xFFFF;
        ImageFile.checkSize(width, height);
        int count = body.get(5);
        if (count != 1 && count != 3 && count != 4) {
            throw FormatException.damaged("the JPEG has " + count + " colour channels");
        }
        int hMax = 1;
        int vMax = 1;
        for (int i = 0; i < count; i++) {
            int sampling = body.get(7 + 3 * i);
            int h = sampling >> 4;
            int v = sampling & 15;
            if (h < 1 || h > 4 || v < 1 || v > 4) {
                throw FormatException.damaged("the JPEG has sampling factors " + h + " x " + v);
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

    /** MCUs in a row of a scan with several components. */
    int mcuColumns() {
        Component first = components.get(0);
        return first.stride() / first.h();
    }

    /** Rows of MCUs of a scan with several components. */
    int mcuRows() {
        int vMax = components.stream().mapToInt(Component::v).max().orElseThrow();
        return ceil(height, 8 * vMax);
    }

    /** Refuses a picture that some coefficient is missing of. */
    void checkComplete() throws FormatException {
        for (Component component : components) {
            if (Arrays.stream(component.missing()).anyMatch(bits -> bits != 0)) {
                throw FormatException.truncated("the JPEG ends before its last scan");
            }
        }
    }
}
