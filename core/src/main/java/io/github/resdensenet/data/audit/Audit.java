package io.github.resdensenet.data.audit;

import io.github.resdensenet.data.FolderWalk;
import io.github.resdensenet.data.ImageFolder;
import io.github.resdensenet.data.audit.Duplicates.Kind;
import io.github.resdensenet.data.audit.Duplicates.Pair;
import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.ImageException;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.Digest;
import io.github.resdensenet.util.Parallel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * The result of checking an image folder: unreadable files, duplicates, conflicting labels and unusual classes.
 *
 * @param root the folder
 * @param files all files, images and others, in the same order as in training
 * @param classes number of readable images per class, in class order
 * @param repeats the duplicates
 * @param problems what you must fix before training, one line each
 * @param remarks what you should check, one line each
 */
public record Audit(
        Path root,
        List<AuditedFile> files,
        Map<String, Integer> classes,
        List<Repeat> repeats,
        List<String> problems,
        List<String> remarks) {
    /** A class with fewer images gets a remark. */
    private static final int FEW = 20;
    /** A class with fewer images than this fraction of the largest class gets a remark. */
    private static final double SMALL_FRACTION = 0.1;

    /**
     * A duplicate.
     *
     * @param kind "the same pixels", "resized or re-encoded" or "mirrored"
     * @param first path of the earlier image inside the folder
     * @param second path of the later image
     * @param twoLabels whether the images are in different classes
     */
    public record Repeat(String kind, String first, String second, boolean twoLabels) {}

    /** Copies the collections. */
    public Audit {
        classes = Collections.unmodifiableMap(new LinkedHashMap<>(classes));
        files = List.copyOf(files);
        repeats = List.copyOf(repeats);
        problems = List.copyOf(problems);
        remarks = List.copyOf(remarks);
    }

    /**
     * Checks every file of a folder and decodes every image.
     *
     * @param upright whether to apply the EXIF orientation
     * @param threads number of decoding threads
     * @param progress receives the number of files done and their total, on the calling thread
     * @throws IOException if the folder does not exist or cannot be read
     */
    public static Audit of(Path root, boolean upright, int threads, BiConsumer<Integer, Integer> progress)
            throws IOException {
        FolderWalk walk = FolderWalk.of(root);
        int total = walk.entries().size();
        List<Checked> checked = Parallel.map(
                total, threads, i -> Checked.of(walk.entries().get(i), upright), done -> progress.accept(done, total));
        List<AuditedFile> files = checked.stream().map(Checked::file).toList();
        List<Checked> readable =
                checked.stream().filter(c -> c.fingerprint().isPresent()).toList();
        List<AuditedFile> images = readable.stream().map(Checked::file).toList();
        Map<String, Integer> classes = new TreeMap<>(ImageFolder.BY_CODE_POINT);
        walk.classes().forEach(name -> classes.put(name, 0));
        images.forEach(image -> classes.merge(image.className(), 1, Integer::sum));

        List<String> problems = new ArrayList<>();
        List<String> remarks = new ArrayList<>();
        files.stream()
                .filter(f -> f.verdict() == AuditedFile.Verdict.REFUSED)
                .forEach(f -> problems.add(f.path() + ": " + f.reason()));
        if (classes.size() < 2) {
            problems.add("expected at least 2 class folders, got " + classes.keySet());
        }
        int largest = classes.values().stream().mapToInt(n -> n).max().orElse(0);
        classes.forEach((name, n) -> {
            if (n == 0) {
                problems.add("class " + name + " has no readable image");
            } else if (n < FEW || n < SMALL_FRACTION * largest) {
                remarks.add("class " + name + " has only " + n + (n == 1 ? " image" : " images"));
            }
        });
        ImageFolder.subsetRemark(classes.keySet()).ifPresent(remarks::add);
        remarks.addAll(sizesOfOneClass(images));

        List<Repeat> repeats = new ArrayList<>();
        for (Pair pair : Duplicates.find(
                readable.stream().map(c -> c.fingerprint().orElseThrow()).toList())) {
            AuditedFile first = images.get(pair.first());
            AuditedFile second = images.get(pair.second());
            boolean twoLabels = !first.className().equals(second.className());
            repeats.add(new Repeat(pair.kind().words(), first.path(), second.path(), twoLabels));
            if (twoLabels) {
                String line = "conflicting labels: " + first.path() + " and " + second.path() + " ("
                        + pair.kind().words() + ")";
                (pair.kind() == Kind.MIRRORED ? remarks : problems).add(line);
            }
        }
        long within = repeats.stream().filter(r -> !r.twoLabels()).count();
        if (within > 0) {
            remarks.add((within == 1 ? "1 image is a duplicate" : within + " images are duplicates")
                    + " of another image in the same class; train keeps duplicates in one subset if it can, unless the"
                    + " split is random");
        }
        return new Audit(root, files, classes, repeats, problems, remarks);
    }

    /** Remarks on classes whose images all have one size that no other class has: a model may learn the size. */
    private static List<String> sizesOfOneClass(List<AuditedFile> images) {
        Map<String, Map<String, Integer>> sizes = new TreeMap<>();
        images.forEach(image -> sizes.computeIfAbsent(image.className(), k -> new TreeMap<>())
                .merge(image.width() + " x " + image.height(), 1, Integer::sum));
        List<String> lines = new ArrayList<>();
        sizes.forEach((name, own) -> {
            boolean elsewhere = sizes.entrySet().stream()
                    .anyMatch(other -> !other.getKey().equals(name)
                            && other.getValue().keySet().stream().anyMatch(own::containsKey));
            if (own.size() == 1 && !elsewhere && sizes.size() > 1) {
                lines.add("all images of class " + name + " are "
                        + own.keySet().iterator().next()
                        + " pixels, a size that no other class has; a model may learn the size");
            }
        });
        return lines;
    }

    /** Whether there are no problems. */
    public boolean isGood() {
        return problems.isEmpty();
    }

    /**
     * The result of checking a file.
     *
     * @param path path inside the folder, with forward slashes
     * @param className name of the class folder, or "" outside of all class folders
     * @param verdict whether the file is a readable image
     * @param reason why the file is ignored or rejected; for an image, a remark or ""
     * @param bytes size of the file; 0 if the file was not opened
     * @param sha256 SHA-256 of the content in hexadecimal digits; "" if the file was not opened
     * @param width width of the image in pixels; 0 if the file is not a readable image
     * @param height height of the image in pixels; 0 if the file is not a readable image
     */
    public record AuditedFile(
            String path,
            String className,
            Verdict verdict,
            String reason,
            long bytes,
            String sha256,
            int width,
            int height) {
        /** What training does with a file. */
        public enum Verdict {
            /** A readable image. */
            OK,
            /**
             * Ignored: not in a class folder, or without an image file extension.
             */
            IGNORED,
            /** Rejected: has an image file extension but cannot be read. */
            REFUSED;

            /** The name in JSON: ok, ignored or refused. */
            public String label() {
                return name().toLowerCase(Locale.ROOT);
            }
        }
    }

    /**
     * A file and, for an image that can be read, its fingerprint.
     *
     * @param file the result
     * @param fingerprint empty if the file is not a readable image
     */
    private record Checked(AuditedFile file, Optional<Fingerprint> fingerprint) {
        static Checked of(FolderWalk.Entry entry, boolean upright) {
            if (entry.kind() != FolderWalk.Kind.IMAGE) {
                AuditedFile.Verdict verdict = entry.kind() == FolderWalk.Kind.IGNORED
                        ? AuditedFile.Verdict.IGNORED
                        : AuditedFile.Verdict.REFUSED;
                return notAnImage(entry, verdict, entry.reason(), 0, "");
            }
            long bytes = 0;
            String sha256 = "";
            try {
                ByteBuffer content = ImageDecoder.content(entry.file());
                bytes = content.limit();
                // a mapped file would stay in memory while it is digested
                sha256 = content.isDirect() ? Digest.sha256(entry.file()) : Digest.sha256(content.duplicate());
                RgbImage image = ImageDecoder.decode(entry.file(), content, upright);
                AuditedFile file = new AuditedFile(
                        entry.path(),
                        entry.className(),
                        AuditedFile.Verdict.OK,
                        entry.reason(),
                        bytes,
                        sha256,
                        image.width(),
                        image.height());
                return new Checked(file, Optional.of(Fingerprint.of(image)));
            } catch (ImageException e) {
                return notAnImage(entry, AuditedFile.Verdict.REFUSED, e.reason(), bytes, sha256);
            } catch (AccessDeniedException e) {
                return notAnImage(entry, AuditedFile.Verdict.REFUSED, "permission denied", bytes, sha256);
            } catch (IOException e) {
                return notAnImage(
                        entry, AuditedFile.Verdict.REFUSED, "cannot be read: " + e.getMessage(), bytes, sha256);
            }
        }

        private static Checked notAnImage(
                FolderWalk.Entry entry, AuditedFile.Verdict verdict, String reason, long bytes, String sha256) {
            AuditedFile file = new AuditedFile(entry.path(), entry.className(), verdict, reason, bytes, sha256, 0, 0);
            return new Checked(file, Optional.empty());
        }
    }
}
