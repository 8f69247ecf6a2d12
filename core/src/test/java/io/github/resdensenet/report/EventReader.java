package io.github.resdensenet.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads TensorBoard event files. It follows the format description and shares no code with the writer. */
public final class EventReader {
    /** A scalar in the file. */
    public record Scalar(String tag, long step, double wallTime, float value) {}

    private EventReader() {}

    /** An image in the file. */
    public record Image(String tag, long step, long width, long height, byte[] png) {}

    /** The images in the order of the file. Fails if a record is incomplete or its checksum is wrong. */
    public static List<Image> images(byte[] file) {
        List<Image> images = new ArrayList<>();
        for (Map<Integer, List<Object>> fields : summaries(file)) {
            Map<Integer, List<Object>> of = value(fields);
            if (of.containsKey(4)) {
                Map<Integer, List<Object>> image = fields((byte[]) of.get(4).get(0));
                images.add(new Image(
                        text(of.get(1).get(0)),
                        (Long) fields.get(2).get(0),
                        (Long) image.get(2).get(0),
                        (Long) image.get(1).get(0),
                        (byte[]) image.get(4).get(0)));
            }
        }
        return images;
    }

    /** The scalars in the order of the file. Fails if a record is incomplete or its checksum is wrong. */
    public static List<Scalar> scalars(byte[] file) {
        List<Scalar> scalars = new ArrayList<>();
        for (Map<Integer, List<Object>> fields : summaries(file)) {
            Map<Integer, List<Object>> of = value(fields);
            if (of.containsKey(2)) {
                long step = fields.containsKey(2) ? (Long) fields.get(2).get(0) : 0;
                scalars.add(new Scalar(
                        text(of.get(1).get(0)),
                        step,
                        Double.longBitsToDouble((Long) fields.get(1).get(0)),
                        Float.intBitsToFloat((int) (long) (Long) of.get(2).get(0))));
            }
        }
        return scalars;
    }

    /** The events with a value. */
    private static List<Map<Integer, List<Object>>> summaries(byte[] file) {
        return records(file).stream()
                .map(EventReader::fields)
                .filter(fields -> fields.containsKey(5))
                .toList();
    }

    private static Map<Integer, List<Object>> value(Map<Integer, List<Object>> event) {
        return fields((byte[]) fields((byte[]) event.get(5).get(0)).get(1).get(0));
    }

    static List<byte[]> records(byte[] file) {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        List<byte[]> records = new ArrayList<>();
        while (in.hasRemaining()) {
            byte[] head = new byte[8];
            in.get(head);
            assertThat(in.getInt()).as("checksum of a length").isEqualTo(masked(head));
            byte[] data = new byte
                    [(int) ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong()];
            in.get(data);
            assertThat(in.getInt()).as("checksum of a record").isEqualTo(masked(data));
            records.add(data);
        }
        return records;
    }

    /** The fields of a message: numbers as Long (their bits), everything else as bytes. */
    static Map<Integer, List<Object>> fields(byte[] message) {
        ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
        Map<Integer, List<Object>> fields = new TreeMap<>();
        while (in.hasRemaining()) {
            int tag = (int) varint(in);
            Object value = switch (tag & 7) {
                case 0 -> varint(in);
                case 1 -> in.getLong();
                case 5 -> (long) in.getInt();
                case 2 -> {
                    byte[] bytes = new byte[(int) varint(in)];
                    in.get(bytes);
                    yield bytes;
                }
                default -> throw new AssertionError("wire type " + (tag & 7));
            };
            fields.computeIfAbsent(tag >>> 3, unused -> new ArrayList<>()).add(value);
        }
        return fields;
    }

    static String text(Object bytes) {
        return new String((byte[]) bytes, StandardCharsets.UTF_8);
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = in.get();
            value |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    /** CRC-32C bit by bit: reflected, polynomial 0x82f63b78. */
    private static int masked(byte[] data) {
        int crc = ~0;
        for (byte b : data) {
            crc ^= b & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) == 0 ? crc >>> 1 : crc >>> 1 ^ 0x82f63b78;
            }
        }
        crc = ~crc;
        return Integer.rotateRight(crc, 15) + 0xa282ead8;
    }
}
