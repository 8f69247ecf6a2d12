package io.github.resdensenet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.ImageException;
import io.github.resdensenet.testkit.TestImages;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {
    @TempDir
    private Path root;

    private void touch(String name) throws Exception {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, new byte[] {1});
    }

    @Test
    void listsClassesAndFilesInOrderOfTorchvision() throws Exception {
        // Expected order: sorted(os.walk(...)) and sorted(names) in Python, by code point.
        touch("b/2.png");
        assumeFalse(Files.exists(root.resolve("B")), "file names are case-sensitive");
        touch("b/10.PNG");
        touch("b/sub/1.jpg");
        touch("B/1.jpeg");
        touch("\uFF21/1.bmp"); // U+FF21 comes before U+1F600 in Python, and after it in Java's order of strings
        touch("\uD83D\uDE00/1.webp");
        touch("b/notes.txt");
        touch("b/Thumbs.db");
        touch(".hidden/1.png");
        ImageFolder folder = ImageFolder.open(root);
        assertThat(folder.classes()).containsExactly("B", "b", "\uFF21", "\uD83D\uDE00");
        assertThat(folder.samples().stream().map(Sample::name))
                .containsExactly(
                        "B/1.jpeg", "b/10.PNG", "b/2.png", "b/sub/1.jpg", "\uFF21/1.bmp", "\uD83D\uDE00/1.webp");
        assertThat(folder.counts()).containsExactly(1, 3, 1, 1);
        assertThat(folder.classToIndex()).startsWith("{'B': 0, 'b': 1, ");
    }

    /** Everything that cannot be read is listed, so that the training reports or skips it with the reason. */
    @Test
    void listsLoopsPipesAndBrokenLinksWithReasonAtDecoding() throws Exception {
        assumeTrue(Files.getFileStore(root).supportsFileAttributeView("posix"));
        TestImages.folder(root, 1, 8, "a", "b");
        Files.createSymbolicLink(root.resolve("a/loop"), root.resolve("a"));
        Files.createSymbolicLink(root.resolve("a/self.png"), root.resolve("a/self.png"));
        Files.createSymbolicLink(root.resolve("a/broken.png"), root.resolve("nowhere"));
        assumeTrue(new ProcessBuilder("mkfifo", root.resolve("a/pipe.png").toString())
                        .start()
                        .waitFor()
                == 0);
        Files.writeString(root.resolve("a/two\nlines\u001b[31m.png"), "x");
        ImageFolder folder = ImageFolder.open(root);
        Map<String, String> reasons = new TreeMap<>();
        for (Sample sample : folder.samples()) {
            try {
                ImageDecoder.decode(sample.path(), false);
            } catch (ImageException e) {
                assertThat(e.getMessage()).hasLineCount(1).doesNotContain("\u001b");
                reasons.put(sample.name(), e.reason());
            }
        }
        assertThat(reasons)
                .containsOnlyKeys("a/broken.png", "a/loop", "a/pipe.png", "a/self.png", "a/two\nlines\u001b[31m.png")
                .containsEntry("a/broken.png", "broken link")
                .containsEntry("a/loop", "a link to a parent folder, or to a folder listed before")
                .containsEntry("a/pipe.png", "not a regular file (pipe, socket or device)");
    }

    @Test
    void rejectsInvalidFolders() throws Exception {
        assertThatThrownBy(() -> ImageFolder.open(root.resolve("none")))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("none");
        assertThatThrownBy(() -> ImageFolder.open(root)).hasMessageContaining("no class folders inside");
        touch("only/1.png");
        assertThatThrownBy(() -> ImageFolder.open(root)).hasMessageContaining("at least 2 class folders");
        assertThatThrownBy(() -> ImageFolder.open(root.resolve("only/1.png"))).hasMessageContaining("not a folder");
        Files.createDirectories(root.resolve("empty"));
        assertThatThrownBy(() -> ImageFolder.open(root))
                .hasMessageContaining("class folders without images")
                .hasMessageContaining(root.resolve("empty").toString());
    }

    @Test
    void rejectsClassFoldersThatDifferFromExpectedClasses() throws Exception {
        TestImages.folder(root, 1, 4, "a", "b");
        assertThat(ImageFolder.open(root, List.of("a", "b")).samples()).hasSize(2);
        assertThatThrownBy(() -> ImageFolder.open(root, List.of("a", "c")))
                .hasMessageContaining("missing [c]")
                .hasMessageContaining("unexpected [b]");
    }

    @Test
    void unpacksBuiltInDataOnceAndRestoresMissingFile() throws Exception {
        Path set = BuiltInData.fashion3(root);
        ImageFolder folder = ImageFolder.open(set);
        assertThat(folder.classes()).containsExactly("coat", "pullover", "shirt");
        assertThat(folder.counts()).containsExactly(560, 700, 401);
        Path first = folder.samples().get(0).path();
        Object before = Files.getAttribute(first, "lastModifiedTime");
        assertThat(BuiltInData.fashion3(root)).isEqualTo(set);
        assertThat(Files.getAttribute(first, "lastModifiedTime")).isEqualTo(before);
        Files.delete(first);
        BuiltInData.fashion3(root);
        assertThat(first).exists();
    }

    @Test
    void entersEachFolderOnceHoweverManyLinksLeadToIt() throws Exception {
        assumeTrue(Files.getFileStore(root).supportsFileAttributeView("posix"));
        TestImages.folder(root, 1, 8, "a", "b");
        Path next = root.resolve("a");
        for (int level = 0; level < 30; level++) { // 2 to the power of 30 paths
            Path inner = Files.createDirectories(root.resolve("b/level" + level));
            Files.createSymbolicLink(next.resolve("x"), inner);
            Files.createSymbolicLink(next.resolve("y"), inner);
            next = inner;
        }
        assertThat(ImageFolder.open(root).counts().get(0)).isLessThan(100);
    }

    @Test
    void aFolderIsListedWhereItIsAndNotWhereALinkLeadsToIt() throws Exception {
        assumeTrue(Files.getFileStore(root).supportsFileAttributeView("posix"));
        TestImages.folder(root, 1, 8, "a", "b");
        touch("a/v2/1.png");
        Files.createSymbolicLink(root.resolve("a/latest"), root.resolve("a/v2"));
        Files.createSymbolicLink(root.resolve("a/x"), root.resolve("b"));
        touch("../outside/1.png");
        Files.createSymbolicLink(root.resolve("b/elsewhere"), root.resolve("../outside"));
        assertThat(ImageFolder.open(root).samples().stream().map(Sample::name))
                .containsExactly("a/000.png", "a/latest", "a/x", "a/v2/1.png", "b/000.png", "b/elsewhere/1.png");
    }

    @Test
    void aClassFolderThatLinksToTheWholeFolderHasNoImagesOfOtherClasses() throws Exception {
        assumeTrue(Files.getFileStore(root).supportsFileAttributeView("posix"));
        TestImages.folder(root, 2, 8, "a", "b");
        Files.createSymbolicLink(root.resolve("loop"), root);
        ImageFolder folder = ImageFolder.open(root);
        assertThat(folder.samples().stream().map(Sample::name))
                .containsExactly("a/000.png", "a/001.png", "b/000.png", "b/001.png", "loop");
        Path loop = folder.samples().get(4).path();
        assertThatThrownBy(() -> ImageDecoder.decode(loop, false)).hasMessageContaining("a link to a parent folder");
        assertThatThrownBy(() -> folder.without(Set.of(4))).hasMessageContaining("none of its images can be read");
    }
}
