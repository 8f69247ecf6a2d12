package io.github.resdensenet.image;

import io.github.resdensenet.image.JpegFrame.Component;
import java.io.ByteArrayOutputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Checks one scan of a JPEG: reads the Huffman codes of every block (ITU T.81, annexes F and G) without storing the
 * coefficients.
 */
final class JpegScan {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final JpegFrame frame;
    private final List<Component> components;
    private final List<HuffmanTable> dc;
    private final List<HuffmanTable> ac;
    private final int restartInterval;
    private final int from;
    private final int to;
    private final boolean refining;

    /** Initial size of the buffer. It grows, because a long file may have other data after the image. */
    private static final int TAKE_AT_FIRST = 4 << 20;

    /** 64 coefficients, each with a code of up to 16 bits and a value of up to 15 bits. */
    private static final long MAX_BYTES_PER_BLOCK = 256;

    private static final int MAX_EXTRA = 1 << 16;

    private byte[] data = new byte[0];
    private int length;
    private long position;
    private int endOfBand;

    private JpegScan(
            JpegFrame frame,
            List<Component> components,
            List<HuffmanTable> dc,
            List<HuffmanTable> ac,
            int restartInterval,
            int from,
            int to,
            boolean refining) {
        this.frame = frame;
        this.components = components;
        this.dc = dc;
        this.ac = ac;
        this.restartInterval = restartInterval;
        this.from = from;
        this.to = to;
        this.refining = refining;
    }

    /** Reads a scan header and records in the frame which coefficient bits the scan provides. */
    static JpegScan of(
            JpegFrame frame,
            ByteBuffer header,
            @Nullable HuffmanTable[] dcTables,
            @Nullable HuffmanTable[] acTables,
            int restartInterval)
            throws FormatException {
        int count = header.limit() < 1 ? 0 : header.get(0);
        if (count < 1 || count > 4 || header.limit() != 4 + 2 * count) {
            throw FormatException.corrupt("a JPEG scan header has an invalid length of " + header.limit() + " bytes");
        }
        int from = header.get(1 + 2 * count);
        int to = header.get(2 + 2 * count);
        int before = (header.get(3 + 2 * count) >> 4) & 15;
        int after = header.get(3 + 2 * count) & 15;
        if (!frame.progressive()) { // decoders ignore these fields in a sequential JPEG
            from = 0;
            to = 63;
            before = 0;
            after = 0;
        }
        boolean valid = from >= 0
                && to <= 63
                && from <= to
                && after <= 13
                && (before == 0 || before == after + 1)
                && (!frame.progressive() || (from == 0) == (to == 0))
                && (from == 0 || count == 1);
        if (!valid) {
            throw FormatException.corrupt("invalid JPEG scan: coefficients " + from + " to " + to + ", bits " + before
                    + " to " + after + ", " + count + " channels");
        }
        List<Component> components = new ArrayList<>();
        List<HuffmanTable> dc = new ArrayList<>();
        List<HuffmanTable> ac = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int id = header.get(1 + 2 * i) & 255;
            int tables = header.get(2 + 2 * i);
            Optional<Component> known =
                    frame.components().stream().filter(c -> c.id() == id).findFirst();
            if (known.isEmpty() || components.contains(known.get())) {
                throw FormatException.corrupt("a JPEG scan refers to the unknown or repeated channel " + id);
            }
            components.add(known.get());
            boolean needsDc = from == 0 && before == 0;
            boolean needsAc = to > 0;
            dc.add(needsDc ? table(dcTables, (tables >> 4) & 15) : HuffmanTable.NONE);
            ac.add(needsAc ? table(acTables, tables & 15) : HuffmanTable.NONE);
            markProvided(known.get().missing(), from, to, before, after);
        }
        return new JpegScan(frame, components, dc, ac, restartInterval, from, to, before > 0);
    }

    private static HuffmanTable table(@Nullable HuffmanTable[] tables, int id) throws FormatException {
        HuffmanTable table = id < tables.length ? tables[id] : null;
        if (table == null) {
            throw FormatException.corrupt("a JPEG scan uses Huffman table " + id + ", which the file does not define");
        }
        return table;
    }

    private static void markProvided(int[] missing, int from, int to, int before, int after) throws FormatException {
        for (int k = from; k <= to; k++) {
            int expected = before == 0 ? -1 : before;
            if (missing[k] != expected) {
                throw FormatException.corrupt("the JPEG's scans are out of order or repeated");
            }
            missing[k] = after;
        }
    }

    /**
     * Checks the entropy-coded data at a position and appends it to {@code out}, without unused trailing bytes.
     *
     * @return the position of the marker after the data
     * @throws FormatException if the data is incomplete or has an invalid code
     */
    long read(Bytes in, long at, ByteArrayOutputStream out) throws FormatException {
        boolean interleaved = components.size() > 1;
        Component only = components.get(0);
        int columns = interleaved ? frame.mcuColumns() : only.columns();
        int rows = interleaved ? frame.mcuRows() : only.rows();
        long left = (long) columns * rows;
        long done = 0;
        for (int restart = 0; left > 0; restart++) {
            long end = take(in, at, MAX_BYTES_PER_BLOCK * left * blocksPerUnit(interleaved) + MAX_EXTRA);
            long units = restartInterval == 0 ? left : Math.min(left, restartInterval);
            position = 0;
            endOfBand = 0;
            for (long i = 0; i < units; i++, done++) {
                unit((int) (done % columns), (int) (done / columns), interleaved);
                if (position > 8L * length) {
                    throw FormatException.truncated("the JPEG has too little image data");
                }
            }
            left -= units;
            int used = (int) ((position + 7) / 8);
            for (int i = used; i < length; i++) {
                if (data[i] != 0 && data[i] != -1) {
                    throw FormatException.corrupt(
                            "the JPEG has " + (length - used) + " unexpected bytes before byte " + end);
                }
            }
            append(out, used);
            at = end;
            if (left > 0) {
                while (in.u8(at + 1) == 0xFF) {
                    at++;
                }
                if (in.u8(at + 1) != 0xD0 + restart % 8) {
                    throw FormatException.truncated("the JPEG lacks the restart marker at byte " + at);
                }
                in.copy(at, 2, out);
                at += 2;
            }
        }
        return at;
    }

    /**
     * Copies the data up to the next marker into the buffer, without stuffed zeros.
     *
     * @param most the largest number of bytes that the scan can need
     * @return the position of the marker
     */
    private long take(Bytes in, long at, long most) throws FormatException {
        ByteBuffer rest = in.slice(at, (int) (in.length() - at));
        int end = rest.limit();
        if (data.length < 16) {
            data = new byte[Math.min(end, TAKE_AT_FIRST) + 16];
        }
        int n = 0;
        int i = 0;
        while (i < end) {
            byte b = rest.get(i++);
            if (b == -1) {
                if (i == end) {
                    throw FormatException.truncated("the JPEG ends inside its image data");
                }
                if (rest.get(i) != 0) {
                    i--;
                    break;
                }
                i++;
            }
            if (n > most) {
                throw FormatException.corrupt("the JPEG has more image data than its size needs");
            }
            if (n + 16 == data.length) {
                data = Arrays.copyOf(data, (int) Math.min(2L * data.length, end + 16L));
            }
            data[n++] = b;
        }
        if (i == end) {
            throw FormatException.truncated("the JPEG ends inside its image data");
        }
        length = n;
        Arrays.fill(data, n, Math.min(data.length, n + 16), (byte) 0);
        return at + i;
    }

    private long blocksPerUnit(boolean interleaved) {
        return interleaved
                ? components.stream().mapToLong(c -> (long) c.h() * c.v()).sum()
                : 1;
    }

    private void append(ByteArrayOutputStream out, int count) {
        int start = 0;
        for (int i = 0; i < count; i++) {
            if (data[i] == -1) {
                out.write(data, start, i + 1 - start);
                out.write(0);
                start = i + 1;
            }
        }
        out.write(data, start, count - start);
    }

    private void unit(int column, int row, boolean interleaved) throws FormatException {
        if (!interleaved) {
            block(0, row * components.get(0).stride() + column);
            return;
        }
        for (int c = 0; c < components.size(); c++) {
            Component component = components.get(c);
            for (int y = 0; y < component.v(); y++) {
                for (int x = 0; x < component.h(); x++) {
                    block(c, (row * component.v() + y) * component.stride() + column * component.h() + x);
                }
            }
        }
    }

    private void block(int c, int index) throws FormatException {
        if (!frame.progressive()) {
            direct(dc.get(c));
            coefficients(ac.get(c));
        } else if (from == 0) {
            if (refining) {
                position++;
            } else {
                direct(dc.get(c));
            }
        } else if (refining) {
            refine(ac.get(c), components.get(c).nonZero(), index);
        } else {
            band(ac.get(c), components.get(c).nonZero(), index);
        }
    }

    /** Returns the next 16 bits, padded with zeros after the end of the data. */
    private int peek() {
        int at = (int) Math.min(position >>> 3, length);
        return (int) (((long) LONG.get(data, at) << (position & 7)) >>> 48);
    }

    private int symbol(HuffmanTable table) throws FormatException {
        int entry = table.lookup(peek());
        if (entry == 0) {
            throw position + 16 > 8L * length
                    ? FormatException.truncated("the JPEG has too little image data")
                    : FormatException.corrupt("the JPEG has an invalid Huffman code in its image data");
        }
        position += entry >>> 8;
        return entry & 255;
    }

    private int bits(int count) {
        int value = count == 0 ? 0 : peek() >>> (16 - count);
        position += count;
        return value;
    }

    private void direct(HuffmanTable table) throws FormatException {
        int size = symbol(table);
        if (size > 15) {
            throw FormatException.corrupt("a JPEG coefficient has " + size + " bits, at most 15 are allowed");
        }
        position += size;
    }

    private void coefficients(HuffmanTable table) throws FormatException {
        for (int k = 1; k < 64; k++) {
            int symbol = symbol(table);
            int size = symbol & 15;
            if (size == 0) {
                if (symbol != 0xF0) {
                    return;
                }
                k += 15;
            } else {
                k += symbol >> 4;
                position += size;
            }
            if (k > 63) {
                throw FormatException.corrupt("a JPEG block has too many coefficients");
            }
        }
    }

    private void band(HuffmanTable table, long[] nonZero, int index) throws FormatException {
        if (endOfBand > 0) {
            endOfBand--;
            return;
        }
        for (int k = from; k <= to; k++) {
            int symbol = symbol(table);
            int run = symbol >> 4;
            int size = symbol & 15;
            if (size == 0 && run < 15) {
                endOfBand = (1 << run) + bits(run) - 1;
                return;
            }
            k += run;
            position += size;
            if (k > to) {
                throw FormatException.corrupt("a JPEG block has too many coefficients");
            }
            if (size > 0) {
                nonZero[index] |= 1L << k;
            }
        }
    }

    private void refine(HuffmanTable table, long[] nonZero, int index) throws FormatException {
        long history = nonZero[index];
        int k = from;
        while (endOfBand == 0 && k <= to) {
            int symbol = symbol(table);
            int run = symbol >> 4;
            int size = symbol & 15;
            if (size == 0 && run < 15) {
                endOfBand = (1 << run) + bits(run);
                break;
            }
            if (size > 1) {
                throw FormatException.corrupt("a JPEG refinement has " + size + " bits, at most 1 is allowed");
            }
            position += size; // the sign of a new coefficient
            for (; k <= to; k++) {
                if (((history >>> k) & 1) == 1) {
                    position++; // a correction bit
                } else if (--run < 0) {
                    break;
                }
            }
            if (size > 0 && k <= to) {
                nonZero[index] |= 1L << k;
            }
            k++;
        }
        if (endOfBand > 0) {
            if (k <= to) {
                position += Long.bitCount((history >>> k) & ((2L << (to - k)) - 1));
            }
            endOfBand--;
        }
    }
}
