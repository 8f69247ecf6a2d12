package io.github.resdensenet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.testkit.Trust;
import io.github.resdensenet.util.KeyedRandom;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Compares the folds with scikit-learn, see fixtures/folds_goldens.py. */
class FoldsTest {
    /** A set of images of fixtures/folds_goldens.py. */
    @SuppressWarnings("ArrayRecordComponent")
    private record RandomSet(int folds, ImageFolder data, int[] groups) {
        static RandomSet of(int s) {
            int classes = whole("folds/" + s + "/0", 1, 2, 6)[0];
            int folds = whole("folds/" + s + "/1", 1, 2, 11)[0];
            int n = whole("folds/" + s + "/2", 1, 100, 500)[0];
            int patients = whole("folds/" + s + "/3", 1, n / 8, n / 2)[0];
            int[] groups = Arrays.stream(Counter.uniform("folds/" + s + "/group", n))
                    .mapToInt(u -> (int) ((u + 1) / 2 * ((u + 1) / 2) * patients))
                    .toArray();
            int[] main = whole("folds/" + s + "/main", patients, 0, classes);
            int[] other = whole("folds/" + s + "/other", n, 0, classes);
            double[] mixed = Counter.uniform("folds/" + s + "/mixed", n);
            return new RandomSet(
                    folds,
                    folder(IntStream.range(0, n)
                            .map(i -> mixed[i] < 0.4 ? main[groups[i]] : other[i])
                            .toArray()),
                    groups);
        }

        private static int[] whole(String name, int count, int low, int high) {
            return Arrays.stream(Counter.uniform(name, count))
                    .mapToInt(u -> (int) (low + (u + 1) / 2 * (high - low)))
                    .toArray();
        }
    }

    private static ImageFolder folder(int... classes) {
        int most = Arrays.stream(classes).max().orElse(0);
        List<Sample> samples = new ArrayList<>();
        for (int c : classes) {
            samples.add(new Sample(Path.of("p"), "c" + c + "/" + samples.size() + ".png", c));
        }
        return new ImageFolder(
                Path.of("root"),
                IntStream.rangeClosed(0, most).mapToObj(c -> "c" + c).toList(),
                samples);
    }

    private static int[] alone(int n) {
        return IntStream.range(0, n).toArray();
    }

    private static List<Split> all(ImageFolder data, int folds, double val, int[] groups, long seed) {
        return IntStream.range(0, folds)
                .mapToObj(fold -> Split.folds(data, folds, fold, val, groups, seed))
                .toList();
    }

    /** The problems of a set of folds: images that are not in exactly one test set, and groups in several subsets. */
    private static int problems(List<Split> splits, int[] groups) {
        int problems = 0;
        for (int i = 0; i < groups.length; i++) {
            int image = i;
            long tested = splits.stream()
                    .filter(split -> split.subsets().get(image) == Subset.TEST)
                    .count();
            problems += tested == 1 ? 0 : 1;
        }
        for (Split split : splits) {
            Map<Integer, Subset> known = new HashMap<>();
            for (int i = 0; i < groups.length; i++) {
                Subset subset = split.subsets().get(i);
                problems += known.getOrDefault(groups[i], subset) == subset ? 0 : 1;
                known.put(groups[i], subset);
            }
        }
        return problems;
    }

    /** The largest difference between the fraction of a class in a fold and 1 / folds. */
    private static double deviation(ImageFolder data, List<Split> splits) {
        double worst = 0;
        for (Split split : splits) {
            for (int c = 0; c < data.classes().size(); c++) {
                double fraction = split.counts(data, Subset.TEST).get(c)
                        / (double) data.counts().get(c);
                worst = Math.max(worst, Math.abs(fraction - 1.0 / splits.size()));
            }
        }
        return worst;
    }

    /** The largest fraction of a class in one group. */
    private static double largestGroup(ImageFolder data, int[] groups) {
        double largest = 0;
        for (List<Integer> group : GroupedSplit.shuffled(groups, KeyedRandom.of(0))) {
            int[] counts = GroupedSplit.counts(data, group);
            for (int c = 0; c < counts.length; c++) {
                largest = Math.max(largest, counts[c] / (double) data.counts().get(c));
            }
        }
        return largest;
    }

    @Test
    void groupedFoldsArePartitionAndAsEvenAsThoseOfScikitLearn() throws Exception {
        int problems = 0;
        int better = 0;
        double ours = 0;
        double theirs = 0;
        double mostWorse = 0;
        for (JsonNode golden : Golden.json("folds.json")) {
            int s = golden.get("set").asInt();
            RandomSet set = RandomSet.of(s);
            assertThat(set.folds).isEqualTo(golden.get("folds").asInt());
            assertThat(set.groups).hasSize(golden.get("images").asInt());
            List<Split> splits = all(set.data, set.folds, 0.2, set.groups, s);
            problems += problems(splits, set.groups);
            double deviation = deviation(set.data, splits);
            double expected = golden.get("deviation").asDouble();
            assertThat(deviation).as("set " + s).isLessThanOrEqualTo(expected + largestGroup(set.data, set.groups));
            better += deviation <= expected ? 1 : 0;
            ours += deviation / 100;
            theirs += expected / 100;
            mostWorse = Math.max(mostWorse, deviation - expected);
            for (Split split : splits) {
                assertThat(split.counts(set.data, Subset.TRAIN)).doesNotContain(0);
                assertThat(split.rows(Subset.VAL)).isNotEmpty();
            }
            List<Split> unvalidated = all(set.data, set.folds, 0, set.groups, s);
            for (int fold = 0; fold < set.folds; fold++) {
                assertThat(unvalidated.get(fold).rows(Subset.TEST))
                        .isEqualTo(splits.get(fold).rows(Subset.TEST));
            }
        }
        Trust.row(
                "D3-folds",
                100,
                problems,
                "mean of the largest deviation of a class fraction " + ours + ", scikit-learn " + theirs
                        + "; at most as large in " + better + " sets, otherwise larger by at most " + mostWorse);
        assertThat(problems).isZero();
        assertThat(ours).isLessThanOrEqualTo(theirs);
    }

    @Test
    void foldsWithoutGroupsDifferByAtMostOneImagePerClassAndInTotal() {
        for (int seed = 0; seed < 100; seed++) {
            KeyedRandom random = KeyedRandom.of(seed, 9);
            int folds = 2 + random.nextInt(9);
            int classes = 2 + random.nextInt(4);
            List<Integer> labels = new ArrayList<>();
            for (int c = 0; c < classes; c++) {
                labels.addAll(Collections.nCopies(folds + random.nextInt(60), c));
            }
            ImageFolder data =
                    folder(labels.stream().mapToInt(Integer::intValue).toArray());
            int[] groups = alone(labels.size());
            List<Split> splits = all(data, folds, 0.2, groups, seed);
            assertThat(problems(splits, groups)).isZero();
            for (int c = 0; c < classes; c++) {
                int index = c;
                List<Integer> sizes = splits.stream()
                        .map(split -> split.counts(data, Subset.TEST).get(index))
                        .toList();
                assertThat(Collections.max(sizes) - Collections.min(sizes)).isLessThanOrEqualTo(1);
            }
            List<Integer> sizes =
                    splits.stream().map(split -> split.rows(Subset.TEST).length).toList();
            assertThat(Collections.max(sizes) - Collections.min(sizes)).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void validationSetHasItsFractionOfEachClassAndAtLeastOneImage() {
        int[] labels =
                IntStream.range(0, 220).map(i -> i < 10 ? 0 : i < 110 ? 1 : 2).toArray();
        ImageFolder data = folder(labels);
        for (Split split : all(data, 5, 0.2, alone(220), 3)) {
            assertThat(split.counts(data, Subset.TEST)).containsExactly(2, 20, 22);
            assertThat(split.counts(data, Subset.VAL).get(0)).isBetween(1, 2);
            assertThat(split.counts(data, Subset.VAL).subList(1, 3)).containsExactly(16, 18);
        }
        ImageFolder small = folder(0, 0, 0, 1, 1, 1);
        for (Split split : all(small, 3, 0.1, alone(6), 0)) {
            for (Subset subset : Subset.values()) {
                assertThat(split.counts(small, subset)).containsExactly(1, 1);
            }
        }
        assertThat(all(small, 3, 0, alone(6), 0)).allMatch(split -> split.rows(Subset.VAL).length == 0);
    }

    @Test
    void foldsDependOnTheSeed() {
        ImageFolder data = folder(IntStream.range(0, 100).map(i -> i % 2).toArray());
        Split first = Split.folds(data, 5, 0, 0.2, alone(100), 0);
        assertThat(Split.folds(data, 5, 0, 0.2, alone(100), 0)).isEqualTo(first);
        assertThat(Split.folds(data, 5, 0, 0.2, alone(100), 1)).isNotEqualTo(first);
    }

    @Test
    void rejectsClassesWithTooFewImagesOrGroups() {
        ImageFolder data = folder(0, 0, 0, 0, 0, 0, 1, 1, 1, 1);
        assertThatThrownBy(() -> Split.folds(data, 5, 0, 0.2, alone(10), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(Path.of("root", "c1")
                        + ": 4 images are too few for 5 folds; a class needs at least one image" + " per fold");
        assertThatThrownBy(() -> Split.folds(data, 3, 0, 0.2, new int[] {0, 0, 1, 1, 1, 1, 2, 3, 4, 5}, 0))
                .hasMessage(
                        Path.of("root", "c0") + ": 6 images in 2 groups (duplicates are one group) are too few for 3"
                                + " folds; a class needs at least one group per fold");
        ImageFolder two = folder(0, 0, 1, 1);
        assertThatThrownBy(() -> Split.folds(two, 2, 0, 0.2, alone(4), 0))
                .hasMessage("root: too few images for these folds, the validation set would be empty");
    }
}
