package io.github.resdensenet.bench;

import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.RgbImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;

/** Prints the size and the SHA-256 of the pixels of each image file, or why it is rejected; see bench/images.py. */
public final class DecodedPixels {
    private DecodedPixels() {}

    /** Reads the files listed in {@code args[0]}, one per line, and prints one tab-separated line per file. */
    public static void main(String[] args) throws Exception {
        for (String name : Files.readAllLines(Path.of(args[0]))) {
            long start = System.nanoTime();
            String outcome;
            try {
                RgbImage image = ImageDecoder.decode(Path.of(name), false);
                MessageDigest digest = MessageDigest.getInstance("SHA-256");
                digest.update(ByteBuffer.wrap(image.pixels()));
                outcome = "read\t" + image.width() + "x" + image.height() + "\t"
                        + HexFormat.of().formatHex(digest.digest());
            } catch (IOException e) {
                List<String> lines = String.valueOf(e.getMessage()).lines().toList();
                outcome = "rejected\t" + lines.size() + "\t" + String.join(" ", lines);
            } catch (RuntimeException | Error e) {
                outcome = "crashed\t1\t" + e;
            }
            System.out.println(name + "\t" + (System.nanoTime() - start) / 1_000_000 + "\t" + outcome);
        }
    }
}
