package io.github.resdensenet.data.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.resdensenet.data.audit.Audit.AuditedFile;
import io.github.resdensenet.data.audit.Audit.AuditedFile.Verdict;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.testkit.TestImages;
import io.github.resdensenet.testkit.Trust;
import io.github.resdensenet.transforms.Resize;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class AuditTest {
    @TempDir
    private Path root;

    private Audit audit(Path folder) throws IOException {
        return Audit.of(folder, false, 2, (done, total) -> {});
    }

    @Test
    void reportsNoProblemsInValidFolder() throws Exception {
        Audit audit = audit(TestImages.folder(root, 25, 12, "a", "b"));
        assertThat(audit.isGood()).isTrue();
        assertThat(audit.problems()).isEmpty();
        assertThat(audit.classes()).containsExactly(Map.entry("a", 25), Map.entry("b", 25));
        assertThat(audit.files())
                .allMatch(f -> f.verdict() == Verdict.OK && f.sha256().length() == 64);
    }

    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the names are not valid there")
    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void listsEveryEntryWithVerdictAndReason() throws Exception {
        Path data = TestImages.folder(root.resolve("data"), 3, 12, "a", "b");
        Path image = data.resolve("a/000.png");
        Files.createDirectories(data.resolve("empty"));
        Files.createDirectories(data.resolve(".git"));
        Files.writeString(data.resolve("readme.txt"), "x");
        Files.writeString(data.resolve("a/Thumbs.db"), "x");
        Files.writeString(data.resolve("a/.hidden"), "x");
        Files.writeString(data.resolve("a/zero.png"), "");
        Files.writeString(data.resolve("a/text.jpg"), "not an image");
        Files.write(data.resolve("a/cut.png"), java.util.Arrays.copyOf(Files.readAllBytes(image), 100));
        Files.copy(image, data.resolve("a/图片 \n\"<b>,.png"));
        Files.createSymbolicLink(data.resolve("b/nothing.png"), root.resolve("not there"));
        Path outside = TestImages.folder(root.resolve("outside"), 1, 13, "x");
        Files.createSymbolicLink(data.resolve("b/out.png"), outside.resolve("x/000.png"));
        Files.createSymbolicLink(data.resolve("b/loop"), data.resolve("b"));
        Files.createDirectories(data.resolve("a/folder.png"));
        Map<String, String> expected = new TreeMap<>(Map.of(
                "readme.txt", "ignored: not in a class folder",
                ".git", "ignored: hidden",
                "a/Thumbs.db", "ignored: no image file extension",
                "a/.hidden", "ignored: hidden",
                "a/zero.png", "refused: the file is empty",
                "a/cut.png", "refused: truncated: the PNG ends inside a chunk",
                "b/nothing.png", "refused: broken link",
                "b/out.png", "ok: link to a file outside the folder",
                "b/loop", "refused: link to a parent folder, or to a folder listed before",
                "a/图片 \n\"<b>,.png", "ok: "));
        expected.put(
                "a/text.jpg",
                "refused: not an image in a supported format (JPEG, PNG, BMP, GIF, WebP, TIFF, PBM, PGM, PPM)");
        if (new ProcessBuilder("mkfifo", data.resolve("a/pipe.png").toString())
                        .start()
                        .waitFor()
                == 0) {
            expected.put("a/pipe.png", "refused: not a regular file (pipe, socket or device)");
        }

        Audit first = audit(data);
        List<String> wrong = new ArrayList<>();
        for (AuditedFile file : first.files()) {
            String found = file.verdict().label() + ": " + file.reason();
            if (!found.equals(expected.getOrDefault(file.path(), "ok: "))) {
                wrong.add(file.path() + " " + found);
            }
        }
        assertThat(first.files().stream().map(AuditedFile::path)).containsAll(expected.keySet());
        List<String> again = audit(data).files().stream().map(AuditedFile::path).toList();
        if (!again.equals(first.files().stream().map(AuditedFile::path).toList())) {
            wrong.add("the order differs in the second audit");
        }
        Trust.row("D1", first.files().size(), wrong.size(), wrong);
        assertThat(wrong).isEmpty();
        assertThat(first.isGood()).isFalse();
        assertThat(first.problems()).contains("class empty has no readable image");
    }

    @Test
    void reportsFileWithoutReadPermission() throws Exception {
        assumeThat(FileSystems.getDefault().supportedFileAttributeViews()).contains("posix");
        assumeThat(System.getProperty("user.name")).isNotEqualTo("root"); // root can read every file
        Path data = TestImages.folder(root, 2, 12, "a", "b");
        Files.setPosixFilePermissions(data.resolve("a/000.png"), java.util.Set.of());
        assertThat(audit(data).problems()).containsExactly("a/000.png: permission denied");
    }

    private static RgbImage mirrored(RgbImage image) {
        byte[] pixels = new byte[image.pixels().length];
        for (int i = 0; i < pixels.length; i++) {
            int x = i / 3 % image.width();
            pixels[i] = image.pixels()[i + 3 * (image.width() - 1 - 2 * x)];
        }
        return new RgbImage(image.width(), image.height(), pixels);
    }

    @Test
    void findsResizedReencodedAndMirroredDuplicates() throws Exception {
        Path data = TestImages.folder(root, 22, 12, "a", "b");
        RgbImage scene = scene(90, 70);
        TestImages.png(data.resolve("a/x.png"), 70, 90, scene.pixels());
        write(scene, "bmp", data.resolve("a/x.bmp"));
        write(scene, "jpeg", data.resolve("b/x.jpg"));
        write(new Resize(40, 40).apply(scene), "png", data.resolve("b/x-small.png"));
        write(new Resize(140, 180).apply(scene), "jpeg", data.resolve("b/x-large.jpg"));
        write(mirrored(scene), "jpeg", data.resolve("b/x-mirrored.jpg"));

        Audit audit = audit(data);
        List<String> found = audit.repeats().stream()
                .map(r -> r.first() + " < " + r.second() + " " + r.kind() + " " + r.twoLabels())
                .toList();
        List<String> expected = List.of(
                "a/x.bmp < a/x.png the same pixels false",
                "a/x.bmp < b/x.jpg resized or re-encoded true",
                "a/x.bmp < b/x-small.png resized or re-encoded true",
                "a/x.bmp < b/x-large.jpg resized or re-encoded true",
                "a/x.bmp < b/x-mirrored.jpg mirrored true");
        long wrong = expected.stream().filter(e -> !found.contains(e)).count()
                + found.stream().filter(f -> !expected.contains(f)).count();
        Trust.row("D3", expected.size(), wrong, "");
        assertThat(found).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(audit.problems()).hasSize(3).allMatch(p -> p.startsWith("conflicting labels: a/x.bmp and b/x"));
        assertThat(audit.remarks()).anyMatch(r -> r.contains("a/x.bmp and b/x-mirrored.jpg (mirrored)"));
    }

    /** A smooth image with low frequencies, like a photo. */
    private static RgbImage scene(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double hill = 60 * Math.sin(x / 14.0) + 50 * Math.cos(y / 11.0 + x / 40.0);
                for (int c = 0; c < 3; c++) {
                    rgb[3 * (y * width + x) + c] = (byte) (128 + hill - 20 * c * Math.sin(y / 20.0));
                }
            }
        }
        return new RgbImage(width, height, rgb);
    }

    private static void write(RgbImage image, String format, Path file) throws IOException {
        BufferedImage buffered = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_3BYTE_BGR);
        for (int i = 0; i < image.width() * image.height(); i++) {
            int rgb = (image.pixels()[3 * i] & 255) << 16
                    | (image.pixels()[3 * i + 1] & 255) << 8
                    | (image.pixels()[3 * i + 2] & 255);
            buffered.setRGB(i % image.width(), i / image.width(), rgb);
        }
        assertThat(ImageIO.write(buffered, format, file.toFile())).isTrue();
    }

    @Test
    void remarksOnSmallClassesAndClassesWithTheirOwnSize() throws Exception {
        TestImages.folder(root, 30, 12, "a", "b");
        Audit audit = audit(TestImages.folder(root, 5, 16, "c"));
        assertThat(audit.isGood()).isTrue();
        assertThat(audit.remarks())
                .containsExactly(
                        "class c has only 5 images",
                        "all images of class c are 16 x 16 pixels, a size that no other class has; a model may learn"
                                + " the size");
    }

    @Test
    void rejectsMissingFolderAndFile() throws Exception {
        assertThatThrownBy(() -> audit(root.resolve("none"))).isInstanceOf(NoSuchFileException.class);
        Path file = Files.writeString(root.resolve("f"), "");
        assertThatThrownBy(() -> audit(file)).hasMessage(file + ": not a folder");
    }
}
