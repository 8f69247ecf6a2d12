package io.github.resdensenet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.data.Split.Fractions;
import io.github.resdensenet.data.Split.Subset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SplitTest {
    private static final Fractions DEFAULT = new Fractions(0.64, 0.16, 0.2);

    private static ImageFolder data(int... counts) {
        List<Sample> samples = new ArrayList<>();
        List<String> classes = new ArrayList<>();
        for (int c = 0; c < counts.length; c++) {
            classes.add("class" + c);
            for (int i = 0; i < counts[c]; i++) {
                samples.add(new Sample(Path.of("p"), "class" + c + "/" + i + ".png", c));
            }
        }
        return new ImageFolder(Path.of("root"), classes, samples);
    }

    @Test
    void stratifiedSplitKeepsFractionsPerClass() {
        ImageFolder data = data(560, 700, 401);
        Split split = Split.stratified(data, DEFAULT, 0);
        assertThat(split.counts(data, Subset.TRAIN)).containsExactly(358, 448, 257);
        assertThat(split.counts(data, Subset.VAL)).containsExactly(90, 112, 64);
        assertThat(split.counts(data, Subset.TEST)).containsExactly(112, 140, 80);
    }

    @Test
    void stratifiedSplitPutsSmallClassesInEverySubset() {
        for (int n = 3; n < 12; n++) {
            ImageFolder data = data(n, n + 1);
            Split split = Split.stratified(data, DEFAULT, n);
            for (Subset subset : Subset.values()) {
                assertThat(split.counts(data, subset)).allMatch(count -> count >= 1);
            }
        }
        assertThatThrownBy(() -> Split.stratified(data(5, 2), DEFAULT, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("class1: 2 images are too few for the split");
    }

    @Test
    void randomSplitRoundsTrainSetDownAsInTheArticle() {
        ImageFolder data = data(560, 700, 401);
        Split split = Split.random(data, 0.8, 0);
        assertThat(split.rows(Subset.TRAIN)).hasSize(1328);
        assertThat(split.rows(Subset.TEST)).hasSize(333);
        assertThat(split.rows(Subset.VAL)).isEmpty();
    }

    @Test
    void seedDeterminesStratifiedSplit() {
        ImageFolder data = data(100, 100);
        assertThat(Split.stratified(data, DEFAULT, 7)).isEqualTo(Split.stratified(data, DEFAULT, 7));
        assertThat(Split.stratified(data, DEFAULT, 7)).isNotEqualTo(Split.stratified(data, DEFAULT, 8));
    }

    @Test
    void rejectsFractionsThatDoNotAddUp() {
        assertThatThrownBy(() -> new Fractions(0.5, 0.2, 0.2)).hasMessageContaining("0.5 / 0.2 / 0.2");
        assertThatThrownBy(() -> new Fractions(1, 0, 0)).hasMessageContaining("test > 0");
    }

    @Test
    void splitFileRoundTripsWithSpecialCharacters(@TempDir Path folder) throws Exception {
        List<String> names = List.of("a,b/1 \"x\".png", "a,b/2\n.png", "类/图.png");
        List<Sample> samples = names.stream()
                .map(n -> new Sample(Path.of("p"), n, n.startsWith("a") ? 0 : 1))
                .toList();
        ImageFolder data = new ImageFolder(Path.of("r"), List.of("a,b", "类"), samples);
        Split split = new Split(List.of(Subset.TRAIN, Subset.VAL, Subset.TEST));
        Path file = folder.resolve("split.csv");
        Files.writeString(file, SplitFile.text(data, split, Collections.nCopies(3, "0f"), List.of()));
        assertThat(SplitFile.read(file))
                .containsExactly(
                        new SplitFile.Row(names.get(0), "a,b", Subset.TRAIN, "0f", Optional.empty()),
                        new SplitFile.Row(names.get(1), "a,b", Subset.VAL, "0f", Optional.empty()),
                        new SplitFile.Row(names.get(2), "类", Subset.TEST, "0f", Optional.empty()));
        Files.writeString(file, "path,class,split,sha256\na,b,c\n");
        assertThatThrownBy(() -> SplitFile.read(file)).hasMessageContaining("line 2");
    }
}
