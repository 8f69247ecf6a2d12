package io.github.resdensenet.predict;

import io.github.resdensenet.eval.Temperature;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A prediction as a JSON object, as {@code predict --json} prints it.
 *
 * @param topK number of most probable classes in the object
 * @param raw whether the probabilities are uncalibrated, and logits and temperature are in the object
 * @param abstainBelow calibrated probability below which the class is {@value #ABSTAIN}; empty to never abstain
 */
public record PredictionJson(int topK, boolean raw, Optional<Double> abstainBelow) {
    /** The class of a prediction whose probability is below the threshold. */
    public static final String ABSTAIN = "abstain";

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if topK is not positive, or abstainBelow is not 0 to 1
     */
    public PredictionJson {
        if (topK < 1) {
            throw new IllegalArgumentException("topK must be positive, got " + topK);
        }
        abstainBelow.ifPresent(threshold -> requireThreshold("abstainBelow", threshold));
    }

    /**
     * Checks a threshold of {@link #abstainBelow}.
     *
     * @param name what the caller's user calls it
     * @throws IllegalArgumentException if it is not 0 to 1
     */
    public static void requireThreshold(String name, double threshold) {
        if (!(threshold >= 0 && threshold <= 1)) {
            throw new IllegalArgumentException(name + " must be 0 to 1, got " + threshold);
        }
    }

    /** Whether the predicted class is withheld. */
    public boolean abstains(Prediction calibrated) {
        return abstainBelow.isPresent() && calibrated.probability() < abstainBelow.get();
    }

    /** The predicted class, or {@value #ABSTAIN}. */
    public String label(Prediction calibrated) {
        return abstains(calibrated) ? ABSTAIN : calibrated.className();
    }

    /** The probabilities that are shown: calibrated unless {@link #raw}. */
    public Prediction shown(Prediction calibrated) {
        return raw ? calibrated.raw() : calibrated;
    }

    /** The classes that are shown, most probable first. */
    public List<Integer> ranking(Prediction calibrated) {
        List<Integer> ranking = shown(calibrated).ranking();
        return ranking.subList(0, Math.min(topK, ranking.size()));
    }

    /** The fields of the object, in their order. */
    public Map<String, Object> fields(Prediction calibrated, Temperature temperature) {
        Prediction p = shown(calibrated);
        List<Integer> ranking = ranking(calibrated);
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("class", label(calibrated));
        fields.put("index", abstains(calibrated) ? -1 : p.classIndex());
        if (abstainBelow.isPresent()) {
            fields.put("abstained", abstains(calibrated));
        }
        fields.put("probabilities", byClass(p, ranking, p.probabilities()));
        if (raw) {
            fields.put("logits", byClass(p, ranking, p.logits()));
            fields.put("temperature", temperature.value());
        }
        return fields;
    }

    private static Map<String, Object> byClass(Prediction p, List<Integer> shown, List<Double> values) {
        Map<String, Object> fields = new LinkedHashMap<>();
        shown.forEach(c -> fields.put(p.classes().get(c), values.get(c)));
        return fields;
    }
}
