package io.github.resdensenet.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A folder with one folder a class, listed as torchvision's {@code ImageFolder} lists it: classes and files sorted by
 * code point, sub-folders included, links followed, files told by their extension.
 *
 * @param root the folder
 * @param classes folder names; a class's index is its place here
 * @param samples the pictures, class by class
 */
public record ImageFolder(Path root, List<String> classes, List<ImageSample> samples) {
    /** Extensions of pictures, in lower case. */
    public static final List<String> EXTENSIONS =
            List.of(".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".pbm", ".tif", ".tiff", ".webp", ".gif");

    /** Python's order of strings, which is not Java's beyond the Basic Multilingual Plane. */
    public static final Comparator<String> BY_CODE_POINT =
            (a, b) -> Arrays.compare(a.codePoints().toArray(), b.codePoints().toArray());

    /** Keeps its own lists. */
    public ImageFolder {
        classes = List.copyOf(classes);
        samples = List.copyOf(samples);
    }

    /**
     * Lists a folder.
     *
     * @throws NoSuchFileException if there is no such folder
     * @throws IOException if it cannot be read, has fewer than two classes, or a class without pictures
     */
    public static ImageFolder open(Path root) throws IOException {
        return open(root, classFolders(root));
    }

    /**
     * Lists a folder whose classes are known already, for instance from a training run.
     *
     * @throws IOException if a class has no folder or a folder no class
     */
    public static ImageFolder open(Path root, List<String> classes) throws IOException {
        List<String> found = classFolders(root);
        if (!found.equals(classes)) {
            List<String> missing =
                    classes.stream().filter(c -> !found.contains(c)).toList();
            List<String> unknown =
                    found.stream().filter(c -> !classes.contains(c)).toList();
            throw new IOException(root + ": the class folders must be " + classes + "; missing " + missing
                    + ", not known " + unknown);
        }
        if (found.size() < 2) {
            throw new IOException(root + ": at least 2 class folders with pictures are needed, got " + found);
        }
        List<ImageSample> samples = new ArrayList<>();
        List<String> empty = new ArrayList<>();
        for (int i = 0; i < classes.size(); i++) {
            List<ImageSample> ofClass = list(root, classes.get(i), i);
            if (ofClass.isEmpty()) {
                empty.add(root.resolve(classes.get(i)).toString());
            }
            samples.addAll(ofClass);
        }
        if (!empty.isEmpty()) {
            throw new IOException("class folder without a picture (" + String.join(" ", EXTENSIONS) + "): "
                    + String.join(", ", empty));
        }
        return new ImageFolder(root, classes, samples);
    }

    private static List<String> classFolders(Path root) throws IOException {
        if (!Files.exists(root)) {
            throw new NoSuchFileException(root.toString(), null, "no such folder");
        }
        if (!Files.isDirectory(root)) {
            throw new IOException(root + ": not a folder; expected one folder a class inside it");
        }
        try (Stream<Path> entries = Files.list(root)) {
            List<String> names = entries.filter(Files::isDirectory)
                    .map(p -> p.getFileName().toString())
                    .filter(name -> !name.startsWith("."))
                    .sorted(BY_CODE_POINT)
                    .toList();
            if (names.isEmpty()) {
                throw new IOException(root + ": no class folders inside; expected " + root + "/CLASS/picture.png");
            }
            return names;
        }
    }

    private static List<ImageSample> list(Path root, String className, int classIndex) throws IOException {
        Path folder = root.resolve(className);
        try (Stream<Path> files = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            return files.filter(ImageFolder::isPicture)
                    .sorted(Comparator.comparing((Path p) -> String.valueOf(p.getParent()), BY_CODE_POINT)
                            .thenComparing(p -> String.valueOf(p.getFileName()), BY_CODE_POINT))
                    .map(p -> new ImageSample(p, slashed(root.relativize(p)), classIndex))
                    .toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static String slashed(Path relative) {
        List<String> parts = new ArrayList<>();
        relative.forEach(part -> parts.add(part.toString()));
        return String.join("/", parts);
    }

    /** Whether a file's name ends like a picture's. */
    public static boolean isPicture(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        return EXTENSIONS.stream().anyMatch(name::endsWith) && Files.isRegularFile(file);
    }

    /**
     * The folder without some pictures.
     *
     * @param left indices of those to leave out
     * @throws IOException if that leaves a class without any
     */
    public ImageFolder without(Set<Integer> left) throws IOException {
        List<ImageSample> kept = IntStream.range(0, samples.size())
                .filter(i -> !left.contains(i))
                .mapToObj(samples::get)
                .toList();
        ImageFolder folder = new ImageFolder(root, classes, kept);
        int empty = folder.counts().indexOf(0);
        if (empty >= 0) {
            throw new IOException(root.resolve(classes.get(empty)) + ": none of its pictures can be read");
        }
        return folder;
    }

    /** How many pictures each class has, in class order. */
    public List<Integer> counts() {
        int[] counts = new int[classes.size()];
        samples.forEach(s -> counts[s.classIndex()]++);
        return Arrays.stream(counts).boxed().toList();
    }

    /** Class names and indices, as torchvision's {@code class_to_idx} prints. */
    public String classToIndex() {
        return classes.stream()
                .map(c -> "'" + c + "': " + classes.indexOf(c))
                .collect(Collectors.joining(", ", "{", "}"));
    }
}
