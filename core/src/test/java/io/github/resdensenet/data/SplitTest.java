package io.github.resdensenet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.data.Split.Shares;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SplitTest {
    private static final Shares DEFAULT = new Shares(0.64, 0.16, 0.2);

    private static ImageFolder data(int... counts) {
        List<ImageSample> samples = new ArrayList<>();
        List<String> classes = new ArrayList<>();
        for (int c = 0; c < counts.length; c++) {
            classes.add("class" + c);
            for (int i = 0; i < counts[c]; i++) {
                samples.add(new ImageSample(Path.of("p"), "class" + c + "/" + i + ".png", c));
            }
        }
        return new ImageFolder(Path.of("root"), classes, samples);
    }

    @Test
    void stratifiedKeepsTheSharesWithinEachClass() {
        ImageFolder data = data(560, 700, 401);
        Split split = Split.stratified(data, DEFAULT, 0);
        assertThat(split.counts(data, Part.TRAIN)).containsExactly(358, 448, 257);
        assertThat(split.counts(data, Part.VAL)).containsExactly(90, 112, 64);
        assertThat(split.counts(data, Part.TEST)).containsExactly(112, 140, 80);
    }

    @Test
    void everyClassHasAPictureInEveryPartHoweverSmallItIs() {
        for (int n = 3; n < 12; n++) {
            ImageFolder data = data(n, n + 1);
            Split split = Split.stratified(data, DEFAULT, n);
            for (Part part : Part.values()) {
                assertThat(split.counts(data, part)).allMatch(count -> count >= 1);
            }
        }
        assertThatThrownBy(() -> Split.stratified(data(5, 2), DEFAULT, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("class1: 2 pictures are too few for the split");
    }

    @Test
    void randomTrainsOnTheFloorOfTheShareAsTheArticleDoes() {
        ImageFolder data = data(560, 700, 401);
        Split split = Split.random(data, 0.8, 0);
        assertThat(split.rows(Part.TRAIN)).hasSize(1328);
        assertThat(split.rows(Part.TEST)).hasSize(333);
        assertThat(split.rows(Part.VAL)).isEmpty();
    }

    @Test
    void theSeedDecides() {
        ImageFolder data = data(100, 100);
        assertThat(Split.stratified(data, DEFAULT, 7)).isEqualTo(Split.stratified(data, DEFAULT, 7));
        assertThat(Split.stratified(data, DEFAULT, 7)).isNotEqualTo(Split.stratified(data, DEFAULT, 8));
    }

    @Test
    void refusesSharesThatDoNotAddUp() {
        assertThatThrownBy(() -> new Shares(0.5, 0.2, 0.2)).hasMessageContaining("0.5 / 0.2 / 0.2");
        assertThatThrownBy(() -> new Shares(1, 0, 0)).hasMessageContaining("test > 0");
    }

    @Test
    void theFileSaysTheSameAndTakesAnyName(@TempDir Path folder) throws Exception {
        List<String> names = List.of("a,b/1 \"x\".png", "a,b/2\n.png", "类/图.png");
        List<ImageSample> samples = names.stream()
                .map(n -> new ImageSample(Path.of("p"), n, n.startsWith("a") ? 0 : 1))
                .toList();
        ImageFolder data = new ImageFolder(Path.of("r"), List.of("a,b", "类"), samples);
        Split split = new Split(List.of(Part.TRAIN, Part.VAL, Part.TEST));
        Path file = folder.resolve("split.csv");
        Files.writeString(file, SplitFile.text(data, split, Collections.nCopies(3, "0f")));
        assertThat(SplitFile.read(file))
                .containsExactly(
                        new SplitFile.Row(names.get(0), "a,b", Part.TRAIN, "0f"),
                        new SplitFile.Row(names.get(1), "a,b", Part.VAL, "0f"),
                        new SplitFile.Row(names.get(2), "类", Part.TEST, "0f"));
        Files.writeString(file, "path,class,split,sha256\na,b,c\n");
        assertThatThrownBy(() -> SplitFile.read(file)).hasMessageContaining("line 2");
    }
}
