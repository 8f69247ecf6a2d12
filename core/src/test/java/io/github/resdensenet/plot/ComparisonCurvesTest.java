package io.github.resdensenet.plot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;

class ComparisonCurvesTest {
    private static ComparisonCurves curves(String label, int count) {
        return new ComparisonCurves(
                "Validation curves",
                "Validation",
                IntStream.range(0, count)
                        .mapToObj(i -> new ComparisonCurves.Series(
                                label + i, i / 2, i % 2 == 1, List.of(0.5, 0.6 + i / 40.0), List.of(1.0, 0.7)))
                        .toList());
    }

    @Test
    void drawsEverySeriesWithLegend() throws Exception {
        String svg = curves("<b>&", 14).svg();
        DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
        assertThat(svg.split("<polyline", -1)).hasSize(1 + 14 * 3);
        assertThat(svg).contains("&lt;b&gt;&amp;13").contains("stroke-dasharray");
        assertThat(ImageIO.read(new ByteArrayInputStream(curves("x", 14).png())).getHeight())
                .isEqualTo(2 * (430 + 5 * 24));
    }

    @Test
    void rejectsEmptyCurves() {
        assertThatThrownBy(() -> new ComparisonCurves.Series("x", 0, false, List.of(), List.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> curves("x", 0)).hasMessageContaining("at least one series");
    }
}
