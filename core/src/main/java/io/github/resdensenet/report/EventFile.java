package io.github.resdensenet.report;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Builds a TensorBoard event file: TFRecord records that each contain an {@code Event} of TensorFlow's event.proto.
 *
 * <p>A record consists of the length of the data (8 bytes, little endian), the masked CRC-32C of these 8 bytes, the
 * data, and the masked CRC-32C of the data. The mask is ((crc >> 15) | (crc << 17)) + 0xa282ead8.
 */
final class EventFile {
    private static final int DT_STRING = 7;
    private static final int RGB = 3;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /**
     * Creates a file without events.
     *
     * @param wallTime start time in seconds since 1970-01-01 UTC
     */
    public EventFile(double wallTime) {
        record(new Proto().number(1, wallTime).text(3, "brain.Event:2").bytes());
    }

    /** The start time of a file, from its first {@value #HEAD} bytes; 0 if there are fewer bytes. */
    public static double wallTime(byte[] head) {
        return head.length < HEAD
                ? 0
                : ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getDouble(HEAD - 8);
    }

    /** Number of bytes that {@link #wallTime} needs: length of the record, checksum, tag and time. */
    public static final int HEAD = 8 + 4 + 1 + 8;

    /** Adds a number at a step. TensorBoard stores numbers as float32. */
    public EventFile scalar(String tag, long step, double wallTime, double value) {
        return value(step, wallTime, new Proto().text(1, tag).number(2, (float) value));
    }

    /** Adds an image at a step, as an RGB PNG file. */
    public EventFile image(String tag, long step, double wallTime, int width, int height, byte[] png) {
        Proto image =
                new Proto().integer(1, height).integer(2, width).integer(3, RGB).bytes(4, png);
        return value(step, wallTime, new Proto().text(1, tag).message(4, image));
    }

    /** Adds a text in Markdown. */
    public EventFile text(String tag, long step, double wallTime, String markdown) {
        Proto tensor = new Proto()
                .integer(1, DT_STRING)
                .message(2, new Proto().message(2, new Proto().integer(1, 1)))
                .text(8, markdown);
        return value(
                step,
                wallTime,
                new Proto().text(1, tag).message(9, plugin("text", new byte[0])).message(8, tensor));
    }

    /** Adds the settings of a run for the HPARAMS tab. Values are numbers, booleans or strings. */
    public EventFile hyperParameters(double wallTime, Map<String, Object> settings) {
        Proto start = new Proto();
        settings.forEach(
                (key, value) -> start.message(1, new Proto().text(1, key).message(2, setting(value))));
        start.number(5, wallTime);
        byte[] content = new Proto().message(3, start).bytes();
        return value(
                0,
                wallTime,
                new Proto().text(1, "_hparams_/session_start_info").message(9, plugin("hparams", content)));
    }

    private static Proto setting(Object value) {
        if (value instanceof Number number) {
            return new Proto().number(2, number.doubleValue());
        }
        return value instanceof Boolean flag
                ? new Proto().integer(4, flag ? 1 : 0)
                : new Proto().text(3, value.toString());
    }

    private static Proto plugin(String name, byte[] content) {
        return new Proto().message(1, new Proto().text(1, name).bytes(2, content));
    }

    private EventFile value(long step, double wallTime, Proto value) {
        record(new Proto()
                .number(1, wallTime)
                .integer(2, step)
                .message(5, new Proto().message(1, value))
                .bytes());
        return this;
    }

    private void record(byte[] data) {
        ByteBuffer head = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN).putLong(data.length);
        head.putInt(maskedCrc(head.array(), 8));
        ByteBuffer tail = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(maskedCrc(data, data.length));
        out.writeBytes(head.array());
        out.writeBytes(data);
        out.writeBytes(tail.array());
    }

    private static int maskedCrc(byte[] data, int length) {
        CRC32C crc = new CRC32C();
        crc.update(data, 0, length);
        int value = (int) crc.getValue();
        return ((value >>> 15) | (value << 17)) + 0xa282ead8;
    }

    /** The bytes of the file. */
    public byte[] bytes() {
        return out.toByteArray();
    }

    /** Encodes a Protocol Buffers message field by field. */
    private static final class Proto {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        private void tag(int field, int wireType) {
            varint(8L * field + wireType);
        }

        private void varint(long value) {
            long rest = value;
            while ((rest & ~0x7FL) != 0) {
                out.write((int) ((rest & 0x7F) | 0x80));
                rest >>>= 7;
            }
            out.write((int) rest);
        }

        Proto integer(int field, long value) {
            tag(field, 0);
            varint(value);
            return this;
        }

        Proto number(int field, double value) {
            tag(field, 1);
            out.writeBytes(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putDouble(value)
                    .array());
            return this;
        }

        Proto number(int field, float value) {
            tag(field, 5);
            out.writeBytes(ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putFloat(value)
                    .array());
            return this;
        }

        Proto bytes(int field, byte[] value) {
            tag(field, 2);
            varint(value.length);
            out.writeBytes(value);
            return this;
        }

        Proto text(int field, String value) {
            return bytes(field, value.getBytes(StandardCharsets.UTF_8));
        }

        Proto message(int field, Proto value) {
            return bytes(field, value.bytes());
        }

        byte[] bytes() {
            return out.toByteArray();
        }
    }
}
