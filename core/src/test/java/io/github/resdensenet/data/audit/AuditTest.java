package io.github.resdensenet.data.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.resdensenet.data.audit.AuditedFile.Verdict;
import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.testkit.Pictures;
import io.github.resdensenet.testkit.Trust;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class AuditTest {
    @TempDir
    private Path root;

    private Audit audit(Path folder) throws IOException {
        return Audit.of(folder, false, 2, (done, total) -> {});
    }

    @Test
    void findsNothingWrongWithAGoodFolder() throws Exception {
        Audit audit = audit(Pictures.folder(root, 25, 12, "a", "b"));
        assertThat(audit.isGood()).isTrue();
        assertThat(audit.problems()).isEmpty();
        assertThat(audit.classes()).containsExactly(Map.entry("a", 25), Map.entry("b", 25));
        assertThat(audit.files())
                .allMatch(f -> f.verdict() == Verdict.OK && f.sha256().length() == 64);
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void listsEveryOddEntryWithItsReason() throws Exception {
        Path data = Pictures.folder(root.resolve("data"), 3, 12, "a", "b");
        Path picture = data.resolve("a/000.png");
        Files.createDirectories(data.resolve("empty"));
        Files.createDirectories(data.resolve(".git"));
        Files.writeString(data.resolve("readme.txt"), "x");
        Files.writeString(data.resolve("a/Thumbs.db"), "x");
        Files.writeString(data.resolve("a/.hidden"), "x");
        Files.writeString(data.resolve("a/zero.png"), "");
        Files.writeString(data.resolve("a/text.jpg"), "not a picture");
        Files.write(data.resolve("a/cut.png"), java.util.Arrays.copyOf(Files.readAllBytes(picture), 100));
        Files.copy(picture, data.resolve("a/图片 \n\"<b>,.png"));
        Files.createSymbolicLink(data.resolve("b/nothing.png"), root.resolve("not there"));
        Path outside = Pictures.folder(root.resolve("outside"), 1, 13, "x");
        Files.createSymbolicLink(data.resolve("b/out.png"), outside.resolve("x/000.png"));
        Files.createSymbolicLink(data.resolve("b/loop"), data.resolve("b"));
        Files.createDirectories(data.resolve("a/folder.png"));
        Map<String, String> expected = new TreeMap<>(Map.of(
                "readme.txt", "ignored: not in a class folder",
                ".git", "ignored: hidden",
                "a/Thumbs.db", "ignored: not a picture by its name",
                "a/.hidden", "ignored: hidden",
                "a/zero.png", "refused: the file is empty",
                "a/cut.png", "refused: truncated: the PNG ends inside a chunk",
                "b/nothing.png", "ignored: a link to nothing",
                "b/out.png", "ok: a link out of the folder",
                "b/loop", "refused: a link that leads back to a folder around it",
                "a/图片 \n\"<b>,.png", "ok: "));
        expected.put(
                "a/text.jpg",
                "refused: not a picture of a known format (JPEG, PNG, BMP, GIF, WebP, TIFF, PBM, PGM, PPM)");
        if (new ProcessBuilder("mkfifo", data.resolve("a/pipe.png").toString())
                        .start()
                        .waitFor()
                == 0) {
            expected.put("a/pipe.png", "ignored: not a file, but a pipe, socket or device");
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
            wrong.add("the order is another one the second time");
        }
        Trust.row("D1", first.files().size(), wrong.size(), wrong);
        assertThat(wrong).isEmpty();
        assertThat(first.isGood()).isFalse();
        assertThat(first.problems()).contains("class empty has no picture that can be read");
    }

    @Test
    void reportsAFileThatMayNotBeRead() throws Exception {
        assumeThat(FileSystems.getDefault().supportedFileAttributeViews()).contains("posix");
        assumeThat(System.getProperty("user.name")).isNotEqualTo("root"); // who may read everything
        Path data = Pictures.folder(root, 2, 12, "a", "b");
        Files.setPosixFilePermissions(data.resolve("a/000.png"), java.util.Set.of());
        assertThat(audit(data).problems()).containsExactly("a/000.png: permission denied");
    }

    @Test
    void findsCopiesHoweverTheyWereMade() throws Exception {
        Path data = Pictures.folder(root, 22, 12, "a", "b");
        String[] copies = {"cmyk-progressive.jpg", "rgb-420.jpg", "rgb.webp", "rgb.tif"};
        Files.write(data.resolve("a/x.png"), Golden.bytes("files/rgb.png"));
        for (String copy : copies) {
            Files.write(data.resolve("b/x-" + copy), Golden.bytes("files/" + copy));
        }
        Files.write(data.resolve("a/y.bmp"), Golden.bytes("files/rgb.bmp"));
        byte[] rgb = Counter.image("wide", 40, 60, false);
        Pictures.png(data.resolve("a/left.png"), 40, 60, rgb);
        byte[] mirrored = new byte[rgb.length];
        for (int y = 0; y < 40; y++) {
            for (int x = 0; x < 60; x++) {
                System.arraycopy(rgb, 3 * (60 * y + x), mirrored, 3 * (60 * y + 59 - x), 3);
            }
        }
        Pictures.png(data.resolve("b/right.png"), 40, 60, mirrored);

        Audit audit = audit(data);
        List<String> found = audit.repeats().stream()
                .map(r -> r.second() + " " + r.kind() + " " + r.twoLabels())
                .toList();
        assertThat(found)
                .containsExactlyInAnyOrder(
                        "a/y.bmp the same pixels false",
                        "b/x-rgb.tif the same pixels true",
                        "b/x-cmyk-progressive.jpg resized or re-encoded true",
                        "b/x-rgb-420.jpg resized or re-encoded true",
                        "b/x-rgb.webp resized or re-encoded true",
                        "b/right.png mirrored true");
        assertThat(audit.problems()).hasSize(4).allMatch(p -> p.startsWith("under two labels: a/x.png and b/x-"));
        assertThat(audit.remarks()).anyMatch(r -> r.contains("a/left.png and b/right.png (mirrored)"));
    }

    @Test
    void saysWhichClassesAreSmallOrToldByTheirSize() throws Exception {
        Pictures.folder(root, 30, 12, "a", "b");
        Audit audit = audit(Pictures.folder(root, 5, 16, "c"));
        assertThat(audit.isGood()).isTrue();
        assertThat(audit.remarks())
                .containsExactly(
                        "class c has only 5 pictures",
                        "all pictures of class c are 16 x 16, which no other class has: the size alone tells it");
    }

    @Test
    void refusesWhatIsNoFolder() throws Exception {
        assertThatThrownBy(() -> audit(root.resolve("none"))).isInstanceOf(NoSuchFileException.class);
        Path file = Files.writeString(root.resolve("f"), "");
        assertThatThrownBy(() -> audit(file)).hasMessage(file + ": not a folder");
    }
}
