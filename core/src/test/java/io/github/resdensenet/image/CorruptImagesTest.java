package io.github.resdensenet.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.testkit.Extent;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.testkit.Messages;
import io.github.resdensenet.testkit.Trust;
import io.github.resdensenet.util.KeyedRandom;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/** Mutates valid image files. The decoder must return an image or throw an {@link ImageException} with a reason. */
class CorruptImagesTest {
    private static final int MUTANTS = Extent.of(20, 200); // of each of 61 files

    /** Changes a few bytes, truncates the file, or copies a range of bytes to another position. */
    private static byte[] mutant(byte[] whole, KeyedRandom random) {
        byte[] bytes = whole.clone();
        switch (random.nextInt(5)) {
            case 0 -> {
                return Arrays.copyOf(whole, random.nextInt(whole.length));
            }
            case 1 -> bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            case 2 -> {
                for (int i = 0; i < 4; i++) {
                    bytes[random.nextInt(Math.min(bytes.length, 400))] = (byte) random.nextInt(256);
                }
            }
            case 3 -> {
                int from = random.nextInt(bytes.length);
                int to = random.nextInt(bytes.length);
                System.arraycopy(whole, from, bytes, to, Math.min(50, bytes.length - Math.max(from, to)));
            }
            default -> bytes[random.nextInt(Math.min(bytes.length, 600))] = (byte) (random.nextInt(3) - 1);
        }
        return bytes;
    }

    /** Recomputes the checksums of a PNG, so that decoding continues past them. */
    private static void repairChecksums(byte[] png) {
        ByteBuffer in = ByteBuffer.wrap(png);
        for (int at = 8; at + 12 <= png.length; ) {
            long length = in.getInt(at) & 0xFFFFFFFFL;
            if (at + 12 + length > png.length) {
                return;
            }
            CRC32 crc = new CRC32();
            crc.update(png, at + 4, (int) length + 4);
            in.putInt(at + 8 + (int) length, (int) crc.getValue());
            at += 12 + (int) length;
        }
    }

    @Test
    void mutatedFilesDecodeOrThrowImageException() throws Exception {
        List<String> failed = new ArrayList<>();
        double slowest = 0;
        int n = 0;
        int rejected = 0;
        ImageDecoder.decode(Path.of("x"), ByteBuffer.wrap(Golden.bytes("files/rgb.bmp")), false); // loads the decoders
        for (var file : Golden.json("pixels.json").get("files")) {
            String name = file.get("file").asString();
            byte[] whole = Golden.bytes("files/" + name);
            for (int i = 0; i < MUTANTS; i++, n++) {
                KeyedRandom random = KeyedRandom.of(name.hashCode(), i);
                byte[] bytes = mutant(whole, random);
                if (name.endsWith(".png") && random.nextInt(4) > 0) {
                    repairChecksums(bytes);
                }
                long start = System.nanoTime();
                try {
                    ImageDecoder.decode(Path.of(name), ByteBuffer.wrap(bytes), random.nextInt(2) == 0);
                } catch (ImageException e) {
                    rejected++;
                    Messages.fault(e.getMessage(), name).ifPresent(failed::add);
                } catch (RuntimeException | Error e) {
                    failed.add(name + " " + i + ": " + e);
                }
                slowest = Math.max(slowest, (System.nanoTime() - start) / 1e6);
            }
        }
        Trust.row("I1", n, failed.size(), "slowest %.0f ms, %d rejected".formatted(slowest, rejected));
        assertThat(failed).isEmpty();
        assertThat(rejected).isGreaterThan(n / 3);
    }
}
