package io.github.resdensenet.data.audit;

import io.github.resdensenet.data.audit.Duplicates.Kind;
import io.github.resdensenet.data.audit.Duplicates.Pair;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * What a folder of pictures, one folder a class, holds and what is wrong with it.
 *
 * @param root the folder
 * @param files every file, pictures or not, in the order of their paths
 * @param classes pictures of each class that can be read, in class order
 * @param repeats pictures that are there again
 * @param problems what must be mended before the folder is trained on, one line each
 * @param remarks what a person should look at, one line each
 */
public record Audit(
        Path root,
        List<AuditedFile> files,
        Map<String, Integer> classes,
        List<Repeat> repeats,
        List<String> problems,
        List<String> remarks) {
    private static final int FEW = 20;
    private static final double SMALL_SHARE = 0.1;

    /**
     * A picture that is there again.
     *
     * @param kind "the same pixels", "resized or re-encoded" or "mirrored"
     * @param first path of the earlier one inside the folder
     * @param second path of the later one
     * @param twoLabels whether they are in different classes
     */
    public record Repeat(String kind, String first, String second, boolean twoLabels) {}

    /** Keeps its own lists. */
    public Audit {
        files = List.copyOf(files);
        repeats = List.copyOf(repeats);
        problems = List.copyOf(problems);
        remarks = List.copyOf(remarks);
    }

    /**
     * Looks at every file of a folder and decodes every picture.
     *
     * @param upright whether pictures are turned as their EXIF orientation says
     * @param progress told the pictures done and all of them, from any thread
     * @throws IOException if there is no such folder
     */
    public static Audit of(Path root, boolean upright, int threads, BiConsumer<Integer, Integer> progress)
            throws IOException {
        FolderWalk walk = FolderWalk.of(root);
        List<AuditedFile> files = AuditedFile.readAll(walk, upright, threads, progress);
        List<AuditedFile> pictures =
                files.stream().filter(f -> f.fingerprint().isPresent()).toList();
        Map<String, Integer> classes = new TreeMap<>(walk.order());
        walk.classes().forEach(name -> classes.put(name, 0));
        pictures.forEach(p -> classes.merge(p.className(), 1, Integer::sum));

        List<String> problems = new ArrayList<>();
        List<String> remarks = new ArrayList<>();
        files.stream()
                .filter(f -> f.verdict() == AuditedFile.Verdict.REFUSED)
                .forEach(f -> problems.add(f.path() + ": " + f.reason()));
        if (classes.size() < 2) {
            problems.add("at least 2 class folders are needed, got " + classes.keySet());
        }
        int largest = classes.values().stream().mapToInt(n -> n).max().orElse(0);
        classes.forEach((name, n) -> {
            if (n == 0) {
                problems.add("class " + name + " has no picture that can be read");
            } else if (n < FEW || n < SMALL_SHARE * largest) {
                remarks.add("class " + name + " has only " + n + (n == 1 ? " picture" : " pictures"));
            }
        });
        remarks.addAll(sizesThatTellTheClass(pictures));

        List<Repeat> repeats = new ArrayList<>();
        for (Pair pair : Duplicates.find(
                pictures.stream().map(f -> f.fingerprint().orElseThrow()).toList())) {
            AuditedFile first = pictures.get(pair.first());
            AuditedFile second = pictures.get(pair.second());
            boolean twoLabels = !first.className().equals(second.className());
            repeats.add(new Repeat(pair.kind().words(), first.path(), second.path(), twoLabels));
            if (twoLabels) {
                String line = "under two labels: " + first.path() + " and " + second.path() + " ("
                        + pair.kind().words() + ")";
                (pair.kind() == Kind.MIRRORED ? remarks : problems).add(line);
            }
        }
        long within = repeats.stream().filter(r -> !r.twoLabels()).count();
        if (within > 0) {
            remarks.add(within + (within == 1 ? " picture is" : " pictures are")
                    + " there again in the same class; train keeps them in one part");
        }
        return new Audit(root, files, classes, repeats, problems, remarks);
    }

    /** Classes that have a single size which no picture of another class has: a network may learn the size. */
    private static List<String> sizesThatTellTheClass(List<AuditedFile> pictures) {
        Map<String, Map<String, Integer>> sizes = new TreeMap<>();
        pictures.forEach(p -> sizes.computeIfAbsent(p.className(), k -> new TreeMap<>())
                .merge(p.width() + " x " + p.height(), 1, Integer::sum));
        List<String> lines = new ArrayList<>();
        sizes.forEach((name, own) -> {
            boolean elsewhere = sizes.entrySet().stream()
                    .anyMatch(other -> !other.getKey().equals(name)
                            && other.getValue().keySet().stream().anyMatch(own::containsKey));
            if (own.size() == 1 && !elsewhere && sizes.size() > 1) {
                lines.add("all pictures of class " + name + " are "
                        + own.keySet().iterator().next() + ", which no other class has: the size alone tells it");
            }
        });
        return lines;
    }

    /** Whether nothing must be mended. */
    public boolean isGood() {
        return problems.isEmpty();
    }
}
