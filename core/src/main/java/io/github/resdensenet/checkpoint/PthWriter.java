package io.github.resdensenet.checkpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32;

/**
 * Writes a state dict as {@code torch.save(model.state_dict(), FILE)} does. {@code torch.load(FILE, weights_only=True)}
 * reads the file. The output is deterministic: equal tensors give byte-identical files.
 */
final class PthWriter {
    private static final String TOP = "archive/";
    private static final int ALIGNMENT = 64;
    private static final int LOCAL_BYTES = 30;
    private static final int EXTRA_BYTES = 4;
    private static final long MAX_BYTES = Integer.MAX_VALUE;
    private static final Map<DType, String> STORAGES = Map.of(
            DType.F64, "DoubleStorage",
            DType.F32, "FloatStorage",
            DType.F16, "HalfStorage",
            DType.BF16, "BFloat16Storage",
            DType.I64, "LongStorage",
            DType.I32, "IntStorage",
            DType.I16, "ShortStorage",
            DType.I8, "CharStorage",
            DType.U8, "ByteStorage",
            DType.BOOL, "BoolStorage");

    private record Written(byte[] name, long crc, long bytes, long offset) {}

    private final OutputStream out;
    private final WritableByteChannel channel;
    private final List<Written> directory = new ArrayList<>();
    private long position;

    private PthWriter(OutputStream out) {
        this.out = out;
        this.channel = Channels.newChannel(out);
    }

    /**
     * Writes tensors by name, in the order of the map.
     *
     * @throws IOException if the stream fails, or the tensors are larger than 2 GiB
     */
    public static void write(Map<String, TensorData> tensors, OutputStream out) throws IOException {
        long total =
                tensors.values().stream().mapToLong(t -> t.data().remaining()).sum();
        if (total > MAX_BYTES) {
            throw new IOException("the tensors have " + total + " bytes, the limit for a .pth file is 2 GiB");
        }
        PthWriter writer = new PthWriter(out);
        Map<String, ByteBuffer> records = new LinkedHashMap<>();
        records.put("data.pkl", ByteBuffer.wrap(pickle(tensors)));
        records.put("byteorder", ascii("little"));
        int number = 0;
        for (TensorData tensor : tensors.values()) {
            records.put("data/" + number++, tensor.data());
        }
        records.put("version", ascii("3\n"));
        for (Map.Entry<String, ByteBuffer> record : records.entrySet()) {
            writer.record(record.getKey(), record.getValue());
        }
        writer.end();
    }

    private static ByteBuffer ascii(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }

    // The pickle

    private static byte[] pickle(Map<String, TensorData> tensors) {
        ByteArrayOutputStream p = new ByteArrayOutputStream();
        p.write(0x80);
        p.write(2);
        orderedDict(p);
        p.write('(');
        int number = 0;
        for (Map.Entry<String, TensorData> tensor : tensors.entrySet()) {
            string(p, tensor.getKey());
            tensor(p, tensor.getValue(), number++);
        }
        p.write('u');
        p.write('.');
        return p.toByteArray();
    }

    private static void orderedDict(ByteArrayOutputStream p) {
        global(p, "collections", "OrderedDict");
        p.write(')');
        p.write('R');
    }

    /** Writes the call _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, backward_hooks). */
    private static void tensor(ByteArrayOutputStream p, TensorData tensor, int number) {
        List<Long> shape = tensor.shape();
        Long[] strides = new Long[shape.size()];
        long stride = 1;
        for (int d = strides.length - 1; d >= 0; d--) {
            strides[d] = stride;
            stride *= Math.max(1, shape.get(d));
        }
        long elements = tensor.data().remaining() / tensor.dtype().bytes();
        global(p, "torch._utils", "_rebuild_tensor_v2");
        p.write('(');
        p.write('(');
        string(p, "storage");
        global(p, "torch", Objects.requireNonNull(STORAGES.get(tensor.dtype())));
        string(p, Integer.toString(number));
        string(p, "cpu");
        integer(p, elements);
        p.write('t');
        p.write('Q');
        integer(p, 0);
        tuple(p, shape);
        tuple(p, List.of(strides));
        p.write(0x89);
        orderedDict(p);
        p.write('t');
        p.write('R');
    }

    private static void global(ByteArrayOutputStream p, String module, String name) {
        p.writeBytes(("c" + module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
    }

    private static void string(ByteArrayOutputStream p, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        p.write('X');
        p.writeBytes(little(4).putInt(utf8.length).array());
        p.writeBytes(utf8);
    }

    private static void integer(ByteArrayOutputStream p, long value) {
        if (value <= Integer.MAX_VALUE) {
            p.write('J');
            p.writeBytes(little(4).putInt((int) value).array());
        } else {
            p.write(0x8a);
            p.write(Long.BYTES);
            p.writeBytes(little(Long.BYTES).putLong(value).array());
        }
    }

    private static void tuple(ByteArrayOutputStream p, List<Long> values) {
        p.write('(');
        values.forEach(value -> integer(p, value));
        p.write('t');
    }

    // The zip

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void record(String name, ByteBuffer data) throws IOException {
        byte[] full = (TOP + name).getBytes(StandardCharsets.UTF_8);
        CRC32 crc = new CRC32();
        crc.update(data.duplicate());
        int bytes = data.remaining();
        long start = position + LOCAL_BYTES + full.length + EXTRA_BYTES;
        int padding = (int) Math.floorMod(-start, (long) ALIGNMENT);
        directory.add(new Written(full, crc.getValue(), bytes, position));
        ByteBuffer header = little(LOCAL_BYTES + full.length + EXTRA_BYTES + padding);
        header.putInt(0x04034b50)
                .putShort((short) 0)
                .putShort((short) 0x800)
                .putShort((short) 0)
                .putInt(0);
        header.putInt((int) crc.getValue()).putInt(bytes).putInt(bytes);
        header.putShort((short) full.length)
                .putShort((short) (EXTRA_BYTES + padding))
                .put(full);
        header.put((byte) 'F').put((byte) 'B').putShort((short) padding); // PyTorch marks its padding like this
        while (header.hasRemaining()) {
            header.put((byte) 'Z');
        }
        emit(header.flip());
        emit(data);
    }

    private void end() throws IOException {
        long start = position;
        for (Written w : directory) {
            ByteBuffer entry = little(46 + w.name.length);
            entry.putInt(0x02014b50)
                    .putShort((short) 0)
                    .putShort((short) 0)
                    .putShort((short) 0x800)
                    .putShort((short) 0);
            entry.putInt(0).putInt((int) w.crc).putInt((int) w.bytes).putInt((int) w.bytes);
            entry.putShort((short) w.name.length)
                    .putShort((short) 0)
                    .putShort((short) 0)
                    .putShort((short) 0);
            entry.putShort((short) 0).putInt(0).putInt((int) w.offset).put(w.name);
            emit(entry.flip());
        }
        ByteBuffer end = little(22);
        end.putInt(0x06054b50).putShort((short) 0).putShort((short) 0);
        end.putShort((short) directory.size()).putShort((short) directory.size());
        end.putInt((int) (position - start)).putInt((int) start).putShort((short) 0);
        emit(end.flip());
        out.flush();
    }

    private void emit(ByteBuffer bytes) throws IOException {
        position += bytes.remaining();
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
