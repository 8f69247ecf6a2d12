package io.github.resdensenet.checkpoint;

import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.transforms.Preprocessing;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What goes with a checkpoint's weights, as JSON, so that they are never used without it.
 *
 * @param sha256 SHA-256 of this file's text with this value left empty
 * @param formatVersion version of this file's layout, 1
 * @param model what the network is built from
 * @param classes class names by index
 * @param preprocessing how a picture becomes the network's input
 * @param data where the training pictures were
 * @param recipe the resolved recipe as YAML
 * @param splitSha256 SHA-256 of the run's split.csv; empty if there are no training pictures
 * @param progress how far training had come
 * @param temperature what the logits are divided by for calibrated probabilities; 1 before the end of a training, and in
 *     files that are older than this value
 * @param history the lines of history.csv, one a finished epoch
 * @param environment versions, device, threads: what equality to the bit depends on
 * @param files SHA-256 of the other files of the checkpoint
 */
public record Manifest(
        String sha256,
        int formatVersion,
        ModelConfig model,
        List<String> classes,
        Preprocessing preprocessing,
        String data,
        String recipe,
        String splitSha256,
        Progress progress,
        double temperature,
        List<String> history,
        Map<String, String> environment,
        Map<String, String> files) {
    /** The version that this program writes. */
    public static final int FORMAT_VERSION = 1;

    private static final Pattern OWN_DIGEST = Pattern.compile("(\"sha256\" : \")[0-9a-f]*(\")");
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .build();

    /**
     * How far training had come.
     *
     * @param epoch finished epochs, each with its evaluation
     * @param batch batches done of the epoch after those
     * @param hits right answers in these batches
     * @param lossSum sum of their mean losses
     * @param seconds time spent on them
     * @param step finished optimiser steps
     * @param seed key of all randomness: order and random changes follow from (seed, epoch, sample)
     * @param selectOn "val" or "test": which part chose the best epoch
     * @param bestEpoch the best epoch so far, from 1; 0 before the first
     * @param bestAccuracy its accuracy on that part, 0 to 1; -1 before the first
     */
    public record Progress(
            int epoch,
            int batch,
            int hits,
            double lossSum,
            double seconds,
            long step,
            long seed,
            String selectOn,
            int bestEpoch,
            double bestAccuracy) {
        /** Before the first step. */
        public static Progress start(long seed, String selectOn) {
            return new Progress(0, 0, 0, 0, 0, 0, seed, selectOn, 0, -1);
        }

        /** One batch further. */
        public Progress afterStep(int right, double loss, double took, long steps) {
            return new Progress(
                    epoch,
                    batch + 1,
                    hits + right,
                    lossSum + loss,
                    seconds + took,
                    steps,
                    seed,
                    selectOn,
                    bestEpoch,
                    bestAccuracy);
        }

        /** At the start of the next epoch. */
        public Progress afterEpoch() {
            return new Progress(epoch + 1, 0, 0, 0, 0, step, seed, selectOn, bestEpoch, bestAccuracy);
        }

        /** With another best epoch. */
        public Progress withBest(int best, double accuracy) {
            return new Progress(epoch, batch, hits, lossSum, seconds, step, seed, selectOn, best, accuracy);
        }
    }

    /** Keeps its own lists. */
    public Manifest {
        if (!(temperature > 0 && temperature < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("temperature must be a positive number, got " + temperature);
        }
        classes = List.copyOf(classes);
        history = List.copyOf(history);
        environment = Map.copyOf(environment);
        files = Map.copyOf(files);
    }

    /** A manifest of a checkpoint that is not written yet. */
    public Manifest(
            ModelConfig model,
            List<String> classes,
            Preprocessing preprocessing,
            String data,
            String recipe,
            String splitSha256,
            Progress progress,
            List<String> history,
            Map<String, String> environment) {
        this(
                "",
                FORMAT_VERSION,
                model,
                classes,
                preprocessing,
                data,
                recipe,
                splitSha256,
                progress,
                1,
                history,
                environment,
                Map.of());
    }

    /** The same for calibrated weights. */
    public Manifest withTemperature(double calibrated) {
        return new Manifest(
                "",
                formatVersion,
                model,
                classes,
                preprocessing,
                data,
                recipe,
                splitSha256,
                progress,
                calibrated,
                history,
                environment,
                Map.of());
    }

    /** The file's text, with the digests of the checkpoint's other files. */
    String text(Map<String, String> digests) {
        ObjectNode unsigned = JSON.valueToTree(this);
        unsigned.set("files", JSON.valueToTree(digests));
        String text = JSON.writeValueAsString(unsigned) + "\n";
        return OWN_DIGEST.matcher(text).replaceFirst("$1" + Digest.sha256(text) + "$2");
    }

    /** Adds what files of earlier versions lack. */
    private static JsonNode withDefaults(ObjectNode manifest) {
        if (!manifest.has("temperature")) {
            manifest.put("temperature", 1.0);
        }
        if (manifest.path("model") instanceof ObjectNode model && !model.has("fusion")) {
            model.put("fusion", "both");
        }
        if (manifest.path("preprocessing") instanceof ObjectNode preprocessing && !preprocessing.has("upright")) {
            preprocessing.put("upright", false);
        }
        return manifest;
    }

    static Manifest read(Path file) throws IOException {
        Manifest manifest;
        String text;
        try {
            text = Files.readString(file);
            if (!(JSON.readTree(text) instanceof ObjectNode fields)) { // an empty file, for one
                throw new CheckpointException(file + ": not a checkpoint manifest: no JSON object");
            }
            manifest = JSON.treeToValue(withDefaults(fields), Manifest.class);
        } catch (CharacterCodingException e) {
            throw new CheckpointException(file + ": damaged, it is not UTF-8");
        } catch (JacksonException e) {
            throw new CheckpointException(file + ": not a checkpoint manifest: " + e.getOriginalMessage());
        }
        if (manifest.formatVersion != FORMAT_VERSION) {
            throw new CheckpointException(file + ": format version " + manifest.formatVersion
                    + " is not known to this program, which reads " + FORMAT_VERSION);
        }
        String unsigned = OWN_DIGEST.matcher(text).replaceFirst("$1$2");
        if (!manifest.sha256.equals(Digest.sha256(unsigned))) {
            throw new CheckpointException(file + ": damaged, its SHA-256 is not the one in it");
        }
        return manifest;
    }
}
