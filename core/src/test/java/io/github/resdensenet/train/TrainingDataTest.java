package io.github.resdensenet.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.data.SplitFile;
import io.github.resdensenet.eval.RunEvaluator;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.testkit.TestImages;
import io.github.resdensenet.testkit.Trust;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingDataTest {
    private static final int PER_CLASS = 50;

    @TempDir
    private Path root;

    private Path data = Path.of("");
    private Recipe recipe = Recipe.defaults();

    @BeforeEach
    void createImages() throws Exception {
        data = TestImages.folder(root.resolve("data"), PER_CLASS, 16, "a", "b");
        recipe = Recipe.defaults()
                .withData(data)
                .with("model.growthRate", "4")
                .with("model.blockConfig", "[1, 1]")
                .with("model.numInitFeatures", "8")
                .with("data.imageSize", "16")
                .with("data.batchSize", "16")
                .with("train.threads", "2")
                .with("train.epochs", "1");
    }

    private List<Path> truncate(String className, int count) throws IOException {
        List<Path> truncated = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Path file = data.resolve(className).resolve("%03d.png".formatted(i));
            byte[] whole = Files.readAllBytes(file);
            Files.write(file, Arrays.copyOf(whole, whole.length / 2));
            truncated.add(file);
        }
        return truncated;
    }

    @Test
    void rejectsOrSkipsAndCountsCorruptImages() throws Exception {
        int failed = 0;
        int corrupt = 0;
        for (int count : new int[] {1, 10}) {
            List<Path> paths = truncate("a", count);
            corrupt = count;
            Path out = root.resolve("fail" + count);
            try {
                Trainer.train(recipe, out);
                failed++;
            } catch (IOException e) {
                boolean all = e.getClass().getSimpleName().equals("UnreadableImages")
                        && paths.stream()
                                .allMatch(path -> String.valueOf(e.getMessage()).contains(path + ": truncated"));
                failed += all && !Files.exists(out) ? 0 : 1;
            }
            Run run = Trainer.train(recipe.with("data.onBad", "skip"), root.resolve("skip" + count));
            List<String> skipped = Files.readAllLines(run.file("skipped.csv"));
            failed += skipped.size() == 1 + count && skipped.get(1).startsWith("a/000.png,truncated") ? 0 : 1;
            failed += SplitFile.read(run.file("split.csv")).size() == 2 * PER_CLASS - count ? 0 : 1;
            assertThat(Files.readString(run.file("log.txt")))
                    .contains("Skipped: " + count + " of " + 2 * PER_CLASS + " images cannot be read, see skipped.csv");
            new Trainer(new TrainListener() {}).resume(run.folder(), 2);
            assertThat(History.read(run.file("history.csv")).epochs()).hasSize(2);
        }
        truncate("a", PER_CLASS);
        try {
            Trainer.train(recipe.with("data.onBad", "skip"), root.resolve("none"));
            failed++;
        } catch (IOException e) {
            failed += String.valueOf(e.getMessage()).equals(data.resolve("a") + ": none of its images can be read")
                    ? 0
                    : 1;
        }
        Trust.row("D2", 7, failed, corrupt + " of " + PER_CLASS + " skipped, then all");
        assertThat(failed).isZero();
        assertThat(root.resolve("none")).doesNotExist();
    }

    /** Copies the images of a class into a new folder, with other names. */
    private void copyImages(String className, Path folder, IntFunction<String> name) throws IOException {
        Files.createDirectories(folder);
        for (int i = 0; i < PER_CLASS; i++) {
            Files.copy(data.resolve(className).resolve("%03d.png".formatted(i)), folder.resolve(name.apply(i)));
        }
    }

    @Test
    void ordinalClassesAreInNumericOrder() throws Exception {
        Path grades = root.resolve("grades");
        copyImages("a", grades.resolve("2"), "%03d.png"::formatted);
        copyImages("b", grades.resolve("10"), "%03d.png"::formatted);
        Recipe ordinal = recipe.withData(grades).with("data.ordinal", "true");
        assertThatThrownBy(() -> Trainer.train(ordinal, root.resolve("run")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("data.ordinal needs class folders in ascending order of their names, but 10 comes before 2;"
                        + " rename them with leading zeros");
        Files.move(grades.resolve("2"), grades.resolve("02"));
        assertThat(Trainer.train(ordinal, root.resolve("run")).isFinished()).isTrue();
    }

    @Test
    void keepsGroupsInOneSubset() throws Exception {
        Path patients = root.resolve("patients");
        copyImages("a", patients.resolve("a"), i -> "p%02d-%d.png".formatted(i / 5, i));
        copyImages("b", patients.resolve("b"), i -> "p%02d-%d.png".formatted(i / 5 + 7, i));
        Recipe grouped = recipe.withData(patients).with("data.groupBy", "'/(p\\d+)-'");
        Run run = Trainer.train(grouped, root.resolve("run"));
        Map<String, Set<Subset>> subsets = new HashMap<>();
        for (SplitFile.Row row : SplitFile.read(run.file("split.csv"))) {
            subsets.computeIfAbsent(row.name().substring(2, 5), k -> EnumSet.noneOf(Subset.class))
                    .add(row.subset());
        }
        assertThat(subsets).hasSize(17);
        assertThat(subsets.values()).allMatch(s -> s.size() == 1);
        assertThat(Files.readString(run.file("log.txt")))
                .contains("Groups: 17 by data.groupBy, none spans two subsets");
        assertThat(new RunEvaluator(run)
                        .evaluateSplit(Subset.TEST, null, (done, total) -> {})
                        .evaluation()
                        .groups())
                .isBetween(2, 5);
        assertThatThrownBy(() -> Trainer.train(grouped.with("data.groupBy", "nobody"), root.resolve("other")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("data.groupBy nobody: no group for 100 of 100 images");
        String optional = "'/p00-0(x)?|/p(\\d+)'"; // its first group takes no part
        assertThatThrownBy(() -> Trainer.train(grouped.with("data.groupBy", optional), root.resolve("other")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no group for 100 of 100 images");
    }

    @Test
    void saysThatDuplicatesAreInSeveralSubsetsIfAClassHasNothingElse() throws Exception {
        for (int i = 1; i < PER_CLASS; i++) {
            Files.copy(
                    data.resolve("a/000.png"),
                    data.resolve("a/%03d.png".formatted(i)),
                    StandardCopyOption.REPLACE_EXISTING);
        }
        Run run = Trainer.train(recipe, root.resolve("run"));
        assertThat(Files.readString(run.file("log.txt")))
                .containsPattern("Duplicates: 49 images are duplicates .*; \\d+ in another subset than the original");
        assertThat(Files.readString(run.file("report.html")))
                .contains("in another subset than the original, so the metrics may be too optimistic");
    }

    @Test
    void keepsDuplicatesInOneSubset() throws Exception {
        for (int i = 0; i < 12; i++) {
            Files.copy(data.resolve("a/%03d.png".formatted(i)), data.resolve("a/copy%03d.png".formatted(i)));
        }
        Run run = Trainer.train(recipe, root.resolve("run"));
        Map<String, Subset> subsets = new HashMap<>();
        SplitFile.read(run.file("split.csv")).forEach(row -> subsets.put(row.name(), row.subset()));
        for (int i = 0; i < 12; i++) {
            assertThat(subsets.get("a/copy%03d.png".formatted(i))).isEqualTo(subsets.get("a/%03d.png".formatted(i)));
        }
        assertThat(Files.readString(run.file("log.txt"))).contains("Duplicates: 12 images are duplicates of another");
    }

    @Test
    void putsClassOfIdenticalImagesInEverySubset() throws Exception {
        Path flat = root.resolve("flat");
        for (String className : List.of("black", "white")) {
            byte[] rgb = new byte[16 * 16 * 3];
            Arrays.fill(rgb, (byte) (className.equals("white") ? 255 : 0));
            for (int i = 0; i < 20; i++) {
                Path folder = Files.createDirectories(flat.resolve(className));
                TestImages.png(folder.resolve(i + ".png"), 16, 16, rgb);
            }
        }
        Run run = Trainer.train(recipe.withData(flat), root.resolve("run"));
        assertThat(new RunEvaluator(run)
                        .evaluateSplit(Subset.TEST, null, (done, total) -> {})
                        .evaluation()
                        .confusion()
                        .counts())
                .allMatch(row -> row.stream().mapToInt(n -> n).sum() == 4);
    }

    @Test
    void storesExifOrientationInManifest() throws Exception {
        for (int i = 1; i <= 8; i++) {
            Files.write(data.resolve("a/exif" + i + ".jpg"), Golden.bytes("files/exif-" + i + ".jpg"));
        }
        Run stored = Trainer.train(recipe, root.resolve("ignore"));
        Run upright = Trainer.train(recipe.with("data.exifOrientation", "apply"), root.resolve("apply"));
        assertThat(stored.readBestManifest().preprocessing().upright()).isFalse();
        assertThat(upright.readBestManifest().preprocessing().upright()).isTrue();
        assertThatThrownBy(() -> recipe.with("data.exifOrientation", "yes"))
                .hasMessage("data.exifOrientation must be one of [ignore, apply], got yes");
    }
}
