package io.github.resdensenet.data.audit;

import io.github.resdensenet.data.ImageDecoder;
import io.github.resdensenet.data.ImageException;
import io.github.resdensenet.data.InParallel;
import io.github.resdensenet.transforms.RgbImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * What an audit says of one file.
 *
 * @param path inside the folder, with forward slashes
 * @param className its class folder, "" outside of all
 * @param verdict whether it is a picture that can be read
 * @param reason why not; or what is remarkable about it; or ""
 * @param bytes size of the file; 0 where it was not opened
 * @param sha256 of its content in hexadecimal digits; "" where it was not opened
 * @param width in pixels; 0 where it is no picture
 * @param height in pixels; 0 where it is no picture
 * @param fingerprint of the picture
 */
public record AuditedFile(
        String path,
        String className,
        Verdict verdict,
        String reason,
        long bytes,
        String sha256,
        int width,
        int height,
        Optional<Fingerprint> fingerprint) {
    /** What becomes of a file in training. */
    public enum Verdict {
        /** A picture. */
        OK,
        /** Not looked at, as in training: it is no picture by its name. */
        IGNORED,
        /** Should be a picture and cannot be read. */
        REFUSED;

        /** The name in tables and JSON: ok, ignored or refused. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static List<AuditedFile> readAll(
            FolderWalk walk, boolean upright, int threads, BiConsumer<Integer, Integer> progress) throws IOException {
        int n = walk.entries().size();
        return InParallel.map(n, threads, i -> of(walk.entries().get(i), upright), done -> progress.accept(done, n));
    }

    private static AuditedFile of(FolderWalk.Entry entry, boolean upright) {
        if (entry.kind() != FolderWalk.Kind.PICTURE) {
            Verdict verdict = entry.kind() == FolderWalk.Kind.IGNORED ? Verdict.IGNORED : Verdict.REFUSED;
            return without(entry, verdict, entry.reason(), 0, "");
        }
        long bytes = 0;
        String sha256 = "";
        try {
            ByteBuffer content = ImageDecoder.content(entry.file());
            bytes = content.limit();
            sha256 = sha256(content.duplicate());
            RgbImage image = ImageDecoder.decode(entry.file(), content, upright);
            return new AuditedFile(
                    entry.path(),
                    entry.className(),
                    Verdict.OK,
                    entry.reason(),
                    bytes,
                    sha256,
                    image.width(),
                    image.height(),
                    Optional.of(Fingerprint.of(image)));
        } catch (ImageException e) {
            return without(entry, Verdict.REFUSED, e.reason(), bytes, sha256);
        } catch (AccessDeniedException e) {
            return without(entry, Verdict.REFUSED, "permission denied", bytes, sha256);
        } catch (IOException e) {
            return without(entry, Verdict.REFUSED, "cannot be read: " + e, bytes, sha256);
        }
    }

    private static AuditedFile without(
            FolderWalk.Entry entry, Verdict verdict, String reason, long bytes, String sha256) {
        return new AuditedFile(entry.path(), entry.className(), verdict, reason, bytes, sha256, 0, 0, Optional.empty());
    }

    private static String sha256(ByteBuffer content) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(content);
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }
}
