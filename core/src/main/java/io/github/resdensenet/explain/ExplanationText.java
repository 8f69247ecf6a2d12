package io.github.resdensenet.explain;

import io.github.resdensenet.predict.Prediction;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** An explanation in words and as fields of a JSON object. */
public final class ExplanationText {
    private ExplanationText() {}

    /** What is marked, and how it was found. */
    public static String caption(Explanation e) {
        Request request = e.request();
        String how = request.method().looksAtStage()
                ? "stage " + request.stage() + " (" + e.stageName() + ")"
                : "patch " + request.patch() + ", stride " + request.stride();
        return String.format(
                Locale.ROOT,
                "What speaks for %s (%.1f%%): %s, %s, %d x %d",
                e.targetName(),
                100 * e.targetProbability(),
                request.method().title(),
                how,
                e.map().width(),
                e.map().height());
    }

    /**
     * Everything: the answer, the raw map at its own resolution, and the checks with their curves.
     *
     * @param file the picture, as it was given
     */
    public static Map<String, Object> json(String file, Explanation e, Optional<Sanity> sanity) {
        Prediction answer = e.prediction();
        Map<String, Object> probabilities = new LinkedHashMap<>();
        answer.classes()
                .forEach(c -> probabilities.put(
                        c, answer.probabilities().get(answer.classes().indexOf(c))));
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("file", file);
        fields.put("class", answer.className());
        fields.put("index", answer.classIndex());
        fields.put("probabilities", probabilities);
        fields.put("target", e.targetName());
        fields.put("method", e.request().method().label());
        if (e.request().method().looksAtStage()) {
            fields.put("stage", e.request().stage());
            fields.put("stage_name", e.stageName());
        } else {
            fields.put("patch", e.request().patch());
            fields.put("stride", e.request().stride());
        }
        fields.put("image_size", e.picture().width());
        fields.put("map", rows(e.map()));
        sanity.ifPresent(s -> fields.put("sanity", json(s)));
        return fields;
    }

    private static List<float[]> rows(HeatMap map) {
        List<float[]> rows = new ArrayList<>();
        for (int y = 0; y < map.height(); y++) {
            float[] row = new float[map.width()];
            System.arraycopy(map.values(), y * map.width(), row, 0, row.length);
            rows.add(row);
        }
        return rows;
    }

    private static Map<String, Object> json(Sanity sanity) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("deletion", json(sanity.deletion()));
        fields.put("insertion", json(sanity.insertion()));
        fields.put("rank_correlations", sanity.correlations());
        fields.put("verdict", sanity.verdict());
        return fields;
    }

    private static Map<String, Object> json(Sanity.Curve curve) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("area", curve.area());
        fields.put("random_areas", curve.randomAreas());
        fields.put("probabilities", curve.map());
        fields.put("random_probabilities", curve.random());
        return fields;
    }
}
