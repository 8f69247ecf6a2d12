package io.github.resdensenet.checkpoint;

import io.github.resdensenet.util.Text;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * Reads zip files as {@code torch.save} writes them, and no others: uncompressed records in one top-level folder. The
 * local header and the central directory must agree on each record, and its CRC-32 must be correct.
 */
final class StrictZip {
    private static final int LOCAL = 0x04034b50;
    private static final int CENTRAL = 0x02014b50;
    private static final int END = 0x06054b50;
    private static final int END64 = 0x06064b50;
    private static final int END64_LOCATOR = 0x07064b50;
    private static final int DESCRIPTOR = 0x08074b50;
    private static final int LOCAL_BYTES = 30;
    private static final int CENTRAL_BYTES = 46;
    private static final int END_BYTES = 22;
    private static final int END64_BYTES = 56;
    private static final int LOCATOR_BYTES = 20;
    private static final int ENCRYPTED = 1;
    private static final int SIZES_FOLLOW = 8;
    private static final int UTF8 = 0x800;
    private static final int MAX_RECORDS = 100_000;

    private final ByteBuffer file;
    private final Path path;
    private final Map<String, ByteBuffer> records = new LinkedHashMap<>();

    private StrictZip(ByteBuffer file, Path path) {
        this.file = file;
        this.path = path;
    }

    /** Whether a file starts with the local header of a zip file. */
    static boolean looksLike(ByteBuffer file) {
        return file.remaining() >= 4 && file.getInt(0) == LOCAL;
    }

    /**
     * Reads the records.
     *
     * @param file the whole file, little-endian
     * @param path the file, for error messages
     * @return slices of the file by record name without the top-level folder
     * @throws CheckpointException if the file is corrupt or unsupported; the message has the record and its offset
     */
    static Map<String, ByteBuffer> read(ByteBuffer file, Path path) throws CheckpointException {
        StrictZip zip = new StrictZip(file, path);
        zip.read();
        return zip.records;
    }

    private void read() throws CheckpointException {
        int size = file.limit();
        int end = size - END_BYTES;
        check(
                end >= 0 && file.getInt(end) == END,
                "end record",
                end,
                "must be the last 22 bytes of the file, without a comment");
        check(
                file.getShort(end + 4) == 0 && file.getShort(end + 6) == 0,
                "end record",
                end,
                "multi-part archives are not supported");
        long count = file.getShort(end + 10) & 0xffff;
        long directoryBytes = file.getInt(end + 12) & 0xffffffffL;
        long directory = file.getInt(end + 16) & 0xffffffffL;
        long directoryEnd = end;
        int locator = end - LOCATOR_BYTES;
        if (locator >= END64_BYTES && file.getInt(locator) == END64_LOCATOR) {
            long end64 = file.getLong(locator + 8);
            check(
                    end64 == locator - END64_BYTES && file.getInt((int) end64) == END64,
                    "zip64 end record",
                    locator,
                    "must be directly before its locator");
            count = file.getLong((int) end64 + 32);
            directoryBytes = file.getLong((int) end64 + 40);
            directory = file.getLong((int) end64 + 48);
            directoryEnd = end64;
        }
        check(count >= 1 && count <= MAX_RECORDS, "end record", end, count + " records, must be 1 to " + MAX_RECORDS);
        check(
                directory >= 0
                        && directoryBytes >= 0
                        && directory <= directoryEnd
                        && directoryEnd - directory == directoryBytes,
                "end record",
                end,
                "the central directory must end where the end record starts");
        String top = "";
        long at = directory;
        long nextLocal = 0;
        for (long i = 0; i < count; i++) {
            check(
                    at + CENTRAL_BYTES <= directoryEnd && file.getInt((int) at) == CENTRAL,
                    "central directory",
                    at,
                    "entry " + i + " is missing");
            Entry entry = central((int) at, directoryEnd);
            if (i == 0) {
                check(entry.name.indexOf('/') > 0, entry.name, at, "the record is not in a folder");
                top = entry.name.substring(0, entry.name.indexOf('/') + 1);
            }
            check(entry.name.startsWith(top), entry.name, at, "the record is outside the folder " + top);
            checkName(entry.name, at);
            check(
                    entry.local == nextLocal,
                    entry.name,
                    at,
                    "the record starts at byte " + entry.local + " instead of " + nextLocal);
            int start = local(entry, directory);
            ByteBuffer data = file.slice(start, (int) entry.bytes).order(file.order());
            CRC32 crc = new CRC32();
            crc.update(data.duplicate());
            check(
                    crc.getValue() == entry.crc,
                    entry.name,
                    start,
                    "the CRC-32 is " + hex(crc.getValue()) + " instead of " + hex(entry.crc));
            check(records.put(entry.name.substring(top.length()), data) == null, entry.name, at, "duplicate name");
            nextLocal = descriptorEnd(entry, start, directory);
            at = entry.end;
        }
        check(at == directoryEnd, "central directory", at, "more than " + count + " entries");
        check(nextLocal == directory, "central directory", directory, "must start at byte " + nextLocal);
    }

    /** An entry of the central directory; {@code local} and {@code end} are byte offsets in the file. */
    private record Entry(String name, int flags, long crc, long bytes, long local, long end) {}

    private Entry central(int at, long limit) throws CheckpointException {
        int flags = file.getShort(at + 8) & 0xffff;
        int method = file.getShort(at + 10) & 0xffff;
        long crc = file.getInt(at + 16) & 0xffffffffL;
        long packed = file.getInt(at + 20) & 0xffffffffL;
        long bytes = file.getInt(at + 24) & 0xffffffffL;
        int nameBytes = file.getShort(at + 28) & 0xffff;
        int extra = file.getShort(at + 30) & 0xffff;
        int comment = file.getShort(at + 32) & 0xffff;
        long local = file.getInt(at + 42) & 0xffffffffL;
        long end = (long) at + CENTRAL_BYTES + nameBytes + extra + comment;
        check(end <= limit, "central directory", at, "an entry is longer than the directory");
        String name = name(at + CENTRAL_BYTES, nameBytes);
        check((flags & ENCRYPTED) == 0, name, at, "encrypted records are not supported");
        check((flags & ~(SIZES_FOLLOW | UTF8)) == 0, name, at, "unsupported flags " + hex(flags));
        check(method == 0, name, at, "compressed records are not supported (method " + method + ")");
        check(packed == bytes, name, at, "compressed and uncompressed size differ: " + packed + " and " + bytes);
        check(bytes != 0xffffffffL && local != 0xffffffffL, name, at, "records larger than 4 GiB are not supported");
        return new Entry(name, flags, crc, bytes, local, end);
    }

    /** Checks the local header and returns where the data starts. */
    private int local(Entry entry, long limit) throws CheckpointException {
        long at = entry.local;
        check(at + LOCAL_BYTES <= limit && file.getInt((int) at) == LOCAL, entry.name, at, "no local header");
        int header = (int) at;
        int nameBytes = file.getShort(header + 26) & 0xffff;
        int extra = file.getShort(header + 28) & 0xffff;
        long start = at + LOCAL_BYTES + nameBytes + extra;
        check(start + entry.bytes <= limit, entry.name, at, "the record is longer than the file");
        check(
                name(header + LOCAL_BYTES, nameBytes).equals(entry.name),
                entry.name,
                at,
                "the local header has a different name");
        check(
                (file.getShort(header + 6) & 0xffff) == entry.flags && file.getShort(header + 8) == 0,
                entry.name,
                at,
                "the local header has different flags or a different method");
        long crc = file.getInt(header + 14) & 0xffffffffL;
        long packed = file.getInt(header + 18) & 0xffffffffL;
        long bytes = file.getInt(header + 22) & 0xffffffffL;
        boolean follow = (entry.flags & SIZES_FOLLOW) != 0 && crc == 0 && packed == 0 && bytes == 0;
        check(
                follow || (crc == entry.crc && packed == entry.bytes && bytes == entry.bytes),
                entry.name,
                at,
                "the local header has a different size or CRC-32");
        return (int) start;
    }

    /** Checks the data descriptor after the data, if there is one, and returns where the record ends. */
    private long descriptorEnd(Entry entry, int start, long limit) throws CheckpointException {
        long at = start + entry.bytes;
        if ((entry.flags & SIZES_FOLLOW) == 0) {
            return at;
        }
        check(
                at + 16 <= limit && file.getInt((int) at) == DESCRIPTOR,
                entry.name,
                at,
                "the data descriptor is missing");
        int d = (int) at;
        check(
                (file.getInt(d + 4) & 0xffffffffL) == entry.crc,
                entry.name,
                at,
                "the data descriptor has a different CRC-32");
        if (file.getInt(d + 8) == (int) entry.bytes && file.getInt(d + 12) == (int) entry.bytes) {
            return at + 16;
        }
        check(
                at + 24 <= limit && file.getLong(d + 8) == entry.bytes && file.getLong(d + 16) == entry.bytes,
                entry.name,
                at,
                "the data descriptor has a different size");
        return at + 24;
    }

    private void checkName(String name, long at) throws CheckpointException {
        boolean clean = !name.isEmpty() && !name.startsWith("/") && name.indexOf('\\') < 0 && name.indexOf('\0') < 0;
        for (String part : name.split("/", -1)) {
            clean &= !part.isEmpty() && !part.equals(".") && !part.equals("..");
        }
        check(clean, name, at, "the name is not a plain path");
    }

    private String name(int at, int bytes) throws CheckpointException {
        check(at + bytes <= file.limit(), "record", at, "the name is longer than the file");
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(file.slice(at, bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw invalid("record", at, "the name is not UTF-8");
        }
    }

    private void check(boolean valid, String what, long offset, String problem) throws CheckpointException {
        if (!valid) {
            throw invalid(what, offset, problem);
        }
    }

    private CheckpointException invalid(String what, long offset, String problem) {
        return new CheckpointException(path + ": not a valid .pth file: " + Text.shorten(what) + ", byte " + offset
                + ": " + Text.limit(problem));
    }

    private static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
