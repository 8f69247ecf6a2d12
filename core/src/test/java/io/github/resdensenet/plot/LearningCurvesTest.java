package io.github.resdensenet.plot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.plot.Chart.Axis;
import java.awt.Font;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;

class LearningCurvesTest {
    private static LearningCurves curves(String title, int epochs) {
        List<Double> rising =
                IntStream.range(0, epochs).mapToObj(i -> 0.5 + 0.4 * i / epochs).toList();
        List<Double> falling =
                IntStream.range(0, epochs).mapToObj(i -> 1.1 - 0.6 * i / epochs).toList();
        return new LearningCurves(title, "Validation", rising, rising, falling, falling, falling, epochs);
    }

    @Test
    void svgIsWellFormedForAnyTitle() throws Exception {
        String svg = curves("<script>&\"膝关节\" \u0001", 10).svg();
        DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
        assertThat(svg).contains("膝关节").doesNotContain("<script>");
    }

    @Test
    void axisOfSmallLearningRatesEndsAboveTheLargest() {
        for (double lr : new double[] {1e-7, 1e-5, 0.3}) {
            Axis axis = Axis.over(List.of(List.of(lr, lr / 2, lr / 100)), Axis.Unit.SCIENTIFIC);
            assertThat(axis.high()).isBetween(0.999 * lr, 1.5 * lr);
            Axis constant = Axis.over(List.of(List.of(lr, lr)), Axis.Unit.SCIENTIFIC);
            assertThat(constant.high()).isBetween(0.999 * lr, 1.01 * lr);
            assertThat(constant.low()).isBetween(0.99 * lr, 1.001 * lr);
        }
    }

    @Test
    void drawsAnyNumberOfEpochsAndNaN() throws Exception {
        for (int epochs : new int[] {1, 2, 10, 250}) {
            byte[] png = curves("x", epochs).png();
            assertThat(ImageIO.read(new ByteArrayInputStream(png)).getWidth()).isEqualTo(2400);
        }
        List<Double> nan = List.of(Double.NaN, 0.5);
        assertThat(new LearningCurves("x", "Test", nan, nan, nan, nan, nan, 0).svg())
                .doesNotContain("NaN");
        assertThatThrownBy(() -> new LearningCurves("x", "Test", List.of(), nan, nan, nan, nan, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void drawsChineseWithoutInstalledFonts() throws Exception {
        assertThat(Raster.fontFor("ResDenseNet")).isEqualTo("SansSerif");
        String font = Raster.fontFor("膝关节 X光 ResDenseNet");
        assertThat(new Font(font, Font.PLAIN, 12).canDisplayUpTo("膝关节骨性关节炎分级")).isEqualTo(-1);
        BufferedImage chinese =
                ImageIO.read(new ByteArrayInputStream(curves("膝关节", 3).png()));
        BufferedImage others =
                ImageIO.read(new ByteArrayInputStream(curves("骨性炎", 3).png()));
        assertThat(titlePixels(chinese))
                .isNotEqualTo(titlePixels(others)); // missing glyphs would be drawn as equal boxes
    }

    private static List<Integer> titlePixels(BufferedImage image) {
        return IntStream.range(0, image.getWidth() * 80)
                .mapToObj(i -> image.getRGB(i % image.getWidth(), i / image.getWidth()))
                .toList();
    }

    @Test
    void axisCoversAllValuesWithRoundTicks() {
        Axis axis = Axis.over(List.of(List.of(0.337, 0.85)), Axis.Unit.NUMBER);
        assertThat(axis.low()).isLessThanOrEqualTo(0.337);
        assertThat(axis.high()).isGreaterThanOrEqualTo(0.85);
        assertThat(axis.ticks()).hasSizeBetween(4, 8);
        Axis flat = Axis.over(List.of(List.of(0.5, 0.5)), Axis.Unit.NUMBER);
        assertThat(flat.high()).isGreaterThan(flat.low());
    }
}
