package io.github.resdensenet.plot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.image.PngWriter;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class AttributionFigureTest {
    private static final byte[] RED = PngWriter.rgb(1, 1, new byte[] {(byte) 255, 0, 0});
    private static final byte[] BLUE = PngWriter.rgb(1, 1, new byte[] {0, 0, (byte) 255});
    private static final AttributionFigure.Curve CURVE =
            AttributionFigure.Curve.deletion(List.of(1.0, 0.5, 0.0), List.of(List.of(1.0, 0.9, 0.0)));

    private static BufferedImage drawn(AttributionFigure figure) throws Exception {
        return ImageIO.read(new ByteArrayInputStream(figure.png()));
    }

    @Test
    void drawsImageOverlayAndLegend() throws Exception {
        BufferedImage image = drawn(new AttributionFigure("a", "b", RED, BLUE, List.of(), ""));
        assertThat(image.getWidth()).isEqualTo(760);
        assertThat(image.getRGB(100, 200)).isEqualTo(0xFFFF0000);
        assertThat(image.getRGB(500, 200)).isEqualTo(0xFF0000FF);
        assertThat(image.getRGB(706, 90) & 0xFF00).isGreaterThan(image.getRGB(706, 400) & 0xFF00);
    }

    @Test
    void escapesTextAndDrawsChineseNames() throws Exception {
        AttributionFigure figure =
                new AttributionFigure("<b>膝", "&", RED, RED, List.of(CURVE, CURVE), "words ".repeat(60));
        assertThat(figure.svg())
                .contains("&lt;b&gt;膝", "<title>&lt;b&gt;膝. &amp;</title>")
                .doesNotContain("<b>");
        assertThat(figure.width()).isEqualTo(1200);
        assertThat(figure.svg().lines().filter(line -> line.contains("words")))
                .hasSizeGreaterThan(1)
                .allMatch(line -> line.replaceAll("<[^>]*>", "").length() <= 150);
        BufferedImage chinese = drawn(figure);
        BufferedImage other = drawn(new AttributionFigure("<b>踝", "&", RED, RED, List.of(CURVE, CURVE), ""));
        int different = 0;
        for (int y = 10; y < 45; y++) {
            for (int x = 24; x < 120; x++) {
                different += chinese.getRGB(x, y) != other.getRGB(x, y) ? 1 : 0;
            }
        }
        assertThat(different).as("pixels of one character or the other").isGreaterThan(20);
    }

    @Test
    void colourMapLightnessIncreasesLinearly() {
        double before = -1;
        for (int i = 0; i < 256; i++) {
            double lightness = lightness(ColorMap.rgb(i / 255.0));
            assertThat(lightness).as("step " + i).isGreaterThan(before);
            assertThat(lightness).isBetween(10 + 85 * i / 255.0 - 0.7, 10 + 85 * i / 255.0 + 0.7);
            before = lightness;
        }
        assertThat(ColorMap.rgb(-3)).isEqualTo(ColorMap.rgb(0));
        assertThat(ColorMap.rgb(7)).isEqualTo(ColorMap.rgb(1));
    }

    /** CIE L* of an sRGB colour. */
    private static double lightness(int rgb) {
        double y = 0.2126 * linear(rgb >> 16 & 255) + 0.7152 * linear(rgb >> 8 & 255) + 0.0722 * linear(rgb & 255);
        return y > 216 / 24389.0 ? 116 * Math.cbrt(y) - 16 : y * 24389 / 27.0;
    }

    private static double linear(int value) {
        double v = value / 255.0;
        return v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
    }

    @Test
    void rejectsPngWithWrongNumberOfBytes() {
        assertThatThrownBy(() -> PngWriter.grey(2, 2, new byte[3]))
                .hasMessage("an image of 2 x 2 pixels with 1 bytes per pixel cannot have 3 bytes");
    }
}
