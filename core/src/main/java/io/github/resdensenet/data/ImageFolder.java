package io.github.resdensenet.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * An image folder with one subfolder per class, listed in the same order as torchvision's {@code ImageFolder}.
 *
 * <p>Classes and files are sorted by code point. Nested subfolders are included, links are followed, and images are
 * recognised by their file extension.
 *
 * @param root the folder
 * @param classes names of the class folders; the position of a class is its index
 * @param samples the images, class by class
 */
public record ImageFolder(Path root, List<String> classes, List<Sample> samples) {
    /** Supported file extensions, in lower case. */
    public static final List<String> EXTENSIONS =
            List.of(".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".pbm", ".tif", ".tiff", ".webp", ".gif");

    private static final Set<String> SUBSETS =
            Set.of("train", "training", "val", "valid", "validation", "test", "testing");

    /** Python's order of strings. It differs from Java's order beyond the Basic Multilingual Plane. */
    public static final Comparator<String> BY_CODE_POINT =
            (a, b) -> Arrays.compare(a.codePoints().toArray(), b.codePoints().toArray());

    /** Copies the lists. */
    public ImageFolder {
        classes = List.copyOf(classes);
        samples = List.copyOf(samples);
    }

    /**
     * Lists a folder.
     *
     * @throws NoSuchFileException if the folder does not exist
     * @throws IOException if the folder cannot be read, has fewer than two classes, or has a class without images
     */
    public static ImageFolder open(Path root) throws IOException {
        FolderWalk walk = walk(root);
        return of(walk, walk.classes());
    }

    /**
     * Lists a folder that must have the given classes, for instance those of a run.
     *
     * @throws IOException if the class folders differ from {@code classes}, or a class has no images
     */
    public static ImageFolder open(Path root, List<String> classes) throws IOException {
        return of(walk(root), classes);
    }

    private static FolderWalk walk(Path root) throws IOException {
        if (Files.exists(root) && !Files.isDirectory(root)) {
            throw new IOException(root + ": not a folder; expected an image folder with one subfolder per class");
        }
        return FolderWalk.of(root);
    }

    private static ImageFolder of(FolderWalk walk, List<String> classes) throws IOException {
        Path root = walk.root();
        List<String> found = walk.classes();
        if (found.isEmpty()) {
            throw new IOException(root + ": no class folders inside; expected " + root + "/CLASS/image.png");
        }
        if (!found.equals(classes)) {
            List<String> missing =
                    classes.stream().filter(c -> !found.contains(c)).toList();
            List<String> unexpected =
                    found.stream().filter(c -> !classes.contains(c)).toList();
            throw new IOException(root + ": the class folders must be " + classes + "; missing " + missing
                    + ", unexpected " + unexpected);
        }
        if (found.size() < 2) {
            throw new IOException(root + ": expected at least 2 class folders with images, got " + found);
        }
        Map<String, Integer> indices = new HashMap<>();
        classes.forEach(name -> indices.put(name, indices.size()));
        List<Sample> samples = FolderWalk.images(walk.entries())
                .map(image -> new Sample(image.file(), image.path(), indices.getOrDefault(image.className(), -1)))
                .toList();
        ImageFolder folder = new ImageFolder(root, classes, samples);
        List<Integer> counts = folder.counts();
        List<String> empty = IntStream.range(0, classes.size())
                .filter(i -> counts.get(i) == 0)
                .mapToObj(i -> root.resolve(classes.get(i)).toString())
                .toList();
        if (!empty.isEmpty()) {
            throw new IOException("class folders without images: " + String.join(", ", empty)
                    + "; supported extensions: " + String.join(" ", EXTENSIONS));
        }
        return folder;
    }

    /** A remark if the class folders have the names of subsets: another layout, whose subsets would become classes. */
    public static Optional<String> subsetRemark(Collection<String> classes) {
        return !classes.isEmpty()
                        && SUBSETS.containsAll(classes.stream()
                                .map(name -> name.toLowerCase(Locale.ROOT))
                                .toList())
                ? Optional.of("the class folders are named " + String.join(", ", classes)
                        + "; if these are subsets, use one folder per class, and train makes the subsets")
                : Optional.empty();
    }

    /**
     * Lists the images in a folder and its subfolders, in torchvision's order. The list includes what cannot be read, so
     * that decoding it reports the reason: broken links, pipes with an image's name, links to a parent folder or to a
     * folder listed before, and folders without read permission.
     */
    public static List<Path> images(Path folder) throws IOException {
        return FolderWalk.images(FolderWalk.below(folder))
                .map(FolderWalk.Entry::file)
                .toList();
    }

    /** Whether a path is a regular file with one of the {@link #EXTENSIONS}, in upper or lower case. */
    public static boolean isImage(Path file) {
        return hasExtension(String.valueOf(file.getFileName())) && Files.isRegularFile(file);
    }

    /** Whether a file name ends with one of the {@link #EXTENSIONS}, in upper or lower case. */
    public static boolean hasExtension(String fileName) {
        String name = fileName.toLowerCase(Locale.ROOT);
        return EXTENSIONS.stream().anyMatch(name::endsWith);
    }

    /**
     * The folder without some of its images.
     *
     * @param excluded indices of the images to omit
     * @throws IOException if a class would have no images
     */
    public ImageFolder without(Set<Integer> excluded) throws IOException {
        List<Sample> kept = IntStream.range(0, samples.size())
                .filter(i -> !excluded.contains(i))
                .mapToObj(samples::get)
                .toList();
        ImageFolder folder = new ImageFolder(root, classes, kept);
        int empty = folder.counts().indexOf(0);
        if (empty >= 0) {
            throw new IOException(root.resolve(classes.get(empty)) + ": none of its images can be read");
        }
        return folder;
    }

    /** Number of images per class, in class order. */
    public List<Integer> counts() {
        int[] counts = new int[classes.size()];
        samples.forEach(s -> counts[s.classIndex()]++);
        return Arrays.stream(counts).boxed().toList();
    }

    /** Class names and indices in the format of Python's {@code print(dataset.class_to_idx)}. */
    public String classToIndex() {
        return classes.stream()
                .map(c -> "'" + c + "': " + classes.indexOf(c))
                .collect(Collectors.joining(", ", "{", "}"));
    }

    /**
     * An image of an {@link ImageFolder}.
     *
     * @param path path of the file
     * @param name path inside the folder, with forward slashes
     * @param classIndex index of its class in {@link ImageFolder#classes}
     */
    public record Sample(Path path, String name, int classIndex) {}
}
