package io.github.resdensenet.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Random access to the bytes of a file. Reading past the end throws a {@link FormatException}. */
final class Bytes {
    private final ByteBuffer file;

    Bytes(ByteBuffer file) {
        this.file = file.duplicate().order(ByteOrder.BIG_ENDIAN);
    }

    /** Returns a view of the same bytes in little-endian order. */
    Bytes littleEndian() {
        Bytes view = new Bytes(file);
        view.file.order(ByteOrder.LITTLE_ENDIAN);
        return view;
    }

    int length() {
        return file.limit();
    }

    /** Returns whether the file has at least {@code end} bytes. */
    boolean has(long end) {
        return end <= file.limit();
    }

    private int check(long at, int size) throws FormatException {
        if (at < 0 || at + size > file.limit()) {
            throw FormatException.truncated("the file ends at byte " + file.limit());
        }
        return (int) at;
    }

    int u8(long at) throws FormatException {
        return file.get(check(at, 1)) & 0xFF;
    }

    int u16(long at) throws FormatException {
        return file.getShort(check(at, 2)) & 0xFFFF;
    }

    int s32(long at) throws FormatException {
        return file.getInt(check(at, 4));
    }

    long u32(long at) throws FormatException {
        return s32(at) & 0xFFFFFFFFL;
    }

    String text(long at, int size) throws FormatException {
        byte[] bytes = new byte[size];
        slice(at, size).get(bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    boolean startsWith(String magic) {
        for (int i = 0; i < magic.length(); i++) {
            if (i >= file.limit() || (file.get(i) & 0xFF) != magic.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    ByteBuffer slice(long at, int size) throws FormatException {
        return file.slice(check(at, size), size).order(file.order());
    }

    /** Appends {@code size} bytes, starting at {@code at}, to {@code to}. */
    void copy(long at, int size, ByteArrayOutputStream to) throws FormatException {
        byte[] bytes = new byte[size];
        slice(at, size).get(bytes);
        to.writeBytes(bytes);
    }
}
