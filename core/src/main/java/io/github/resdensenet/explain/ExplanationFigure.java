package io.github.resdensenet.explain;

import io.github.resdensenet.report.AttributionFigure;
import io.github.resdensenet.report.AttributionFigure.Curve;
import io.github.resdensenet.report.Png;
import io.github.resdensenet.transforms.RgbImage;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Draws an explanation. */
public final class ExplanationFigure {
    /** Small pictures are enlarged to about this many pixels, so that the map over them is smooth. */
    private static final int SIDE = 640;

    private ExplanationFigure() {}

    /**
     * The figure of an explanation.
     *
     * @param name of the picture, for the title
     * @param sanity the checks, if they were made
     */
    public static AttributionFigure of(String name, Explanation e, Optional<Sanity> sanity) {
        int scale = Math.max(1, SIDE / e.picture().width());
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
                sanity.map(s -> List.of(
                                Curve.deletion(s.deletion().map(), s.deletion().random()),
                                Curve.insertion(
                                        s.insertion().map(), s.insertion().random())))
                        .orElse(List.of()),
                sanity.map(Sanity::verdict).orElse(""));
    }

    private static byte[] png(RgbImage image) {
        return Png.rgb(image.width(), image.height(), image.pixels());
    }
}
