package io.github.resdensenet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.data.Split.Fractions;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.testkit.Trust;
import io.github.resdensenet.util.KeyedRandom;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GroupedSplitTest {
    private static final Fractions DEFAULT = new Fractions(0.64, 0.16, 0.2);

    private static ImageFolder data(int classes, int n) {
        List<Sample> samples = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (int c = 0; c < classes; c++) {
            names.add("c" + c);
            for (int i = 0; i < n; i++) {
                samples.add(new Sample(Path.of("p"), "c" + c + "/" + i + ".png", c));
            }
        }
        return new ImageFolder(Path.of("root"), names, samples);
    }

    private static boolean splitsAGroup(Split split, int[] groups) {
        Map<Integer, Set<Subset>> subsets = new HashMap<>();
        for (int i = 0; i < groups.length; i++) {
            subsets.computeIfAbsent(groups[i], k -> EnumSet.noneOf(Subset.class))
                    .add(split.subsets().get(i));
        }
        return subsets.values().stream().anyMatch(s -> s.size() > 1);
    }

    @Test
    void keepsGroupsInOneSubsetCloseToTheFractions() throws Exception {
        int failed = 0;
        double worst = 0;
        for (int seed = 0; seed < 100; seed++) {
            ImageFolder data = data(3, 200);
            KeyedRandom random = KeyedRandom.of(seed);
            int[] groups = new int[600];
            int patients = 60 + random.nextInt(100);
            for (int i = 0; i < groups.length; i++) {
                groups[i] = random.nextInt(patients);
            }
            Split split = GroupedSplit.of(data, DEFAULT, groups, seed);
            failed += splitsAGroup(split, groups) ? 1 : 0;
            for (Subset subset : Subset.values()) {
                for (int count : split.counts(data, subset)) {
                    worst = Math.max(worst, Math.abs(count / 200.0 - DEFAULT.of(subset)));
                }
            }
            assertThat(GroupedSplit.of(data, DEFAULT, groups, seed)).isEqualTo(split);
        }
        Trust.row("D3-groups", 100, failed, "largest deviation of a class fraction: %.3f".formatted(worst));
        assertThat(failed).isZero();
        assertThat(worst).isLessThan(0.06);
    }

    @Test
    void movesDuplicatesTogetherAndKeepsSubsetSizes() throws Exception {
        int failed = 0;
        for (int seed = 0; seed < 100; seed++) {
            ImageFolder data = data(2, 100);
            Split before = Split.stratified(data, DEFAULT, seed);
            int[] groups = new int[200];
            KeyedRandom random = KeyedRandom.of(seed, 5);
            for (int i = 0; i < 200; i++) {
                groups[i] = i % 100 < 30 && random.nextInt(2) == 0 ? groups[Math.max(0, i - 1)] : i;
            }
            Split after = GroupedSplit.together(before, data, groups, seed);
            failed += splitsAGroup(after, groups) ? 1 : 0;
            for (Subset subset : Subset.values()) {
                assertThat(after.counts(data, subset)).isEqualTo(before.counts(data, subset));
            }
        }
        Trust.row("D3-copies", 100, failed, "");
        assertThat(failed).isZero();
    }

    @Test
    void movesNothingWithoutDuplicates() {
        ImageFolder data = data(3, 50);
        Split split = Split.stratified(data, DEFAULT, 1);
        int[] alone = new int[150];
        java.util.Arrays.setAll(alone, i -> i);
        assertThat(GroupedSplit.together(split, data, alone, 1)).isEqualTo(split);
    }

    @Test
    void rejectsTooFewGroups() {
        ImageFolder data = data(2, 10);
        assertThatThrownBy(() -> GroupedSplit.of(data, DEFAULT, new int[20], 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("too few groups for the split (1), the validation set would be empty");
    }

    @Test
    void readsGroupsFromPatternOrCsvFile(@TempDir Path folder) throws Exception {
        List<String> names = List.of("a/p1_left.png", "b/p1_right.png", "a/p22_left.png");
        assertThat(Groups.of("", names)).isEmpty();
        assertThat(Groups.of("p\\d+", names)).containsExactly("p1", "p1", "p22");
        assertThat(Groups.of("/p(\\d+)_", names)).containsExactly("1", "1", "22");
        assertThatThrownBy(() -> Groups.of("left", names))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("data.groupBy left: no group for 1 of 3 images, for instance b/p1_right.png");
        assertThatThrownBy(() -> Groups.of("(", names)).hasMessageContaining("must be a regular expression or a .csv");
        Path csv = folder.resolve("patients.csv");
        Files.writeString(csv, "path,group\na/p1_left.png,x\nb/p1_right.png,x\n\"a/p22_left.png\",y\n");
        assertThat(Groups.of(csv.toString(), names)).containsExactly("x", "x", "y");
        Files.writeString(csv, "path,group\na/p1_left.png,x\na/p1_left.png,z\n");
        assertThatThrownBy(() -> Groups.of(csv.toString(), names)).hasMessageContaining("duplicate path a/p1_left.png");
    }
}
