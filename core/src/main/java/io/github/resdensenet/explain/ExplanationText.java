package io.github.resdensenet.explain;

import io.github.resdensenet.explain.Explainer.Request;
import io.github.resdensenet.predict.Prediction;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** An {@link Explanation} as a caption and as the fields of a JSON object. */
final class ExplanationText {
    private ExplanationText() {}

    /** The class, its probability, the method and the size of the map. */
    public static String caption(Explanation e) {
        Request request = e.request();
        String how = request.method().looksAtStage()
                ? "stage " + request.stage() + " (" + e.stageName() + ")"
                : "patch " + request.patch() + ", stride " + request.stride();
        return String.format(
                Locale.ROOT,
                "Attribution map for %s (%.1f%%): %s, %s, %d x %d",
                e.targetName(),
                100 * e.targetProbability(),
                request.method().title(),
                how,
                e.map().width(),
                e.map().height());
    }

    /**
     * The prediction, the map at its own resolution, and the faithfulness check with its curves.
     *
     * @param file image file, as given by the user
     * @param check faithfulness check, if available
     */
    public static Map<String, Object> json(String file, Explanation e, Optional<FaithfulnessCheck> check) {
        Prediction prediction = e.prediction();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("file", file);
        fields.put("class", prediction.className());
        fields.put("index", prediction.classIndex());
        fields.put("probabilities", prediction.byClass());
        fields.put("target", e.targetName());
        fields.put("method", e.request().method().label());
        if (e.request().method().looksAtStage()) {
            fields.put("stage", e.request().stage());
            fields.put("stage_name", e.stageName());
        } else {
            fields.put("patch", e.request().patch());
            fields.put("stride", e.request().stride());
        }
        fields.put("image_size", e.image().width());
        fields.put("map", rows(e.map()));
        check.ifPresent(c -> fields.put("sanity", json(c)));
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

    private static Map<String, Object> json(FaithfulnessCheck check) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("deletion", json(check.deletion()));
        fields.put("insertion", json(check.insertion()));
        fields.put("rank_correlations", check.correlations());
        fields.put("verdict", check.verdict());
        return fields;
    }

    private static Map<String, Object> json(FaithfulnessCheck.Curve curve) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("area", curve.area());
        fields.put("random_areas", curve.randomAreas());
        fields.put("probabilities", curve.map());
        fields.put("random_probabilities", curve.random());
        return fields;
    }
}
