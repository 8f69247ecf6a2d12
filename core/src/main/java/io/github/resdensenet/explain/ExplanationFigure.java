package io.github.resdensenet.explain;

import io.github.resdensenet.image.PngWriter;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.plot.AttributionFigure;
import io.github.resdensenet.plot.AttributionFigure.Curve;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Draws the figure of an {@link Explanation}. */
final class ExplanationFigure {
    /** Small images are enlarged to about this many pixels so that the heatmap over them is smooth. */
    private static final int SIDE = 640;

    private ExplanationFigure() {}

    /**
     * The figure of an explanation.
     *
     * @param name name of the image, for the title
     * @param check faithfulness check, if available
     */
    public static AttributionFigure of(String name, Explanation e, Optional<FaithfulnessCheck> check) {
        int scale = Math.max(1, SIDE / e.image().width());
        String title = String.format(
                Locale.ROOT,
                "%s: %s %.1f%%",
                name,
                e.prediction().className(),
                100 * e.prediction().probability());
        return new AttributionFigure(
                title,
                ExplanationText.caption(e),
                png(e.enlarged(scale)),
                png(e.overlay(scale)),
                check.map(c -> List.of(
                                Curve.deletion(c.deletion().map(), c.deletion().random()),
                                Curve.insertion(
                                        c.insertion().map(), c.insertion().random())))
                        .orElse(List.of()),
                check.map(FaithfulnessCheck::verdict).orElse(""));
    }

    private static byte[] png(RgbImage image) {
        return PngWriter.rgb(image.width(), image.height(), image.pixels());
    }
}
