package io.github.resdensenet.run;

import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.util.StrictJson;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The manifest.json of a checkpoint: everything besides the weights that using or resuming them needs.
 *
 * @param sha256 SHA-256 of the text of this file, computed with this value empty
 * @param formatVersion version of the file format, {@value #FORMAT_VERSION}
 * @param model the configuration of the network
 * @param classes class names by index
 * @param preprocessing how an image becomes the network's input
 * @param data the image folder, or the name of a built-in data set; empty for imported weights
 * @param recipe the resolved recipe as YAML
 * @param splitSha256 SHA-256 of the run's split.csv; empty for imported weights
 * @param progress the progress of the training
 * @param temperature divisor of the logits for calibrated probabilities; 1 until the end of training and for
 *     checkpoints of versions without calibration
 * @param history the lines of history.csv without the header, one per completed epoch
 * @param environment versions, device and threads, on which bit-exact results can depend
 * @param files SHA-256 of the other files of the checkpoint, by name
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
    /** The format version that this program reads and writes. */
    public static final int FORMAT_VERSION = 1;

    private static final long MAX_BYTES = 16 << 20;

    /**
     * The progress of a training run.
     *
     * @param epoch number of completed epochs, evaluation included
     * @param batch number of completed batches of the current epoch
     * @param hits number of correct predictions in these batches
     * @param lossSum sum of the mean losses of these batches
     * @param seconds training time of these batches in seconds
     * @param step number of optimiser steps so far
     * @param seed seed of the training run; order and augmentation depend only on seed, epoch and sample
     * @param selectOn subset that selects the best epoch: "val" or "test"; empty for imported weights
     * @param bestEpoch the best epoch so far, from 1; 0 before the first
     * @param bestAccuracy accuracy of the best epoch on this subset, 0 to 1; -1 before the first
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
        /** Returns the progress before the first step. */
        public static Progress start(Recipe.Train train) {
            return start(train.seed(), train.selectOn().toString());
        }

        static Progress start(long seed, String selectOn) {
            return new Progress(0, 0, 0, 0, 0, 0, seed, selectOn, 0, -1);
        }

        /**
         * Returns the progress after one more batch.
         *
         * @param correct number of correct predictions in the batch
         * @param loss mean loss of the batch
         * @param stepSeconds training time of the batch in seconds
         * @param steps number of optimiser steps so far
         */
        public Progress afterStep(int correct, double loss, double stepSeconds, long steps) {
            return new Progress(
                    epoch,
                    batch + 1,
                    hits + correct,
                    lossSum + loss,
                    seconds + stepSeconds,
                    steps,
                    seed,
                    selectOn,
                    bestEpoch,
                    bestAccuracy);
        }

        /** Returns the progress at the start of the next epoch. */
        public Progress afterEpoch() {
            return new Progress(epoch + 1, 0, 0, 0, 0, step, seed, selectOn, bestEpoch, bestAccuracy);
        }

        /** Returns this progress with another best epoch. */
        public Progress withBest(int best, double accuracy) {
            return new Progress(epoch, batch, hits, lossSum, seconds, step, seed, selectOn, best, accuracy);
        }
    }

    /** Checks the temperature and copies the collections. */
    public Manifest {
        if (!(temperature > 0 && temperature < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("temperature must be a positive number, got " + temperature);
        }
        classes = List.copyOf(classes);
        history = List.copyOf(history);
        environment = Map.copyOf(environment);
        files = Map.copyOf(files);
    }

    /** Creates the manifest of a new checkpoint, which has no digests yet. */
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

    /** SHA-256 of the weights' file; empty for a checkpoint that has not been written. */
    public String weightsSha256() {
        return files.getOrDefault(Checkpoint.WEIGHTS, "");
    }

    /** Returns a manifest with another temperature. */
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

    /** Returns the text of manifest.json with its own digest and those of the checkpoint's other files. */
    String text(Map<String, String> digests) {
        ObjectNode unsigned = StrictJson.MAPPER.valueToTree(this);
        unsigned.put("sha256", "");
        unsigned.set("files", StrictJson.MAPPER.valueToTree(digests));
        String text = StrictJson.MAPPER.writeValueAsString(unsigned) + "\n";
        return StrictJson.withDigest(text);
    }

    /** Adds the fields that manifests of earlier versions lack. */
    private static JsonNode withDefaults(ObjectNode manifest) {
        if (!manifest.has("temperature")) {
            manifest.put("temperature", 1.0);
        }
        if (manifest.path("model") instanceof ObjectNode model && !model.has("fusion")) {
            model.put("fusion", "both");
        }
        if (manifest.path("preprocessing") instanceof ObjectNode preprocessing) {
            if (!preprocessing.has("upright")) {
                preprocessing.put("upright", false);
            }
            if (!preprocessing.has("resize")) {
                preprocessing.put("resize", "stretch");
            }
        }
        return manifest;
    }

    /**
     * Reads manifest.json and verifies its own digest.
     *
     * @throws CheckpointException if the file is not a manifest, is corrupt, or has an unsupported format version
     */
    static Manifest read(Path file) throws IOException {
        Manifest manifest;
        String text;
        try {
            text = Text.read(file, MAX_BYTES);
            if (!(StrictJson.MAPPER.readTree(text) instanceof ObjectNode fields)) { // for example an empty file
                throw new CheckpointException(file + ": not a checkpoint manifest: no JSON object");
            }
            manifest = StrictJson.MAPPER.treeToValue(withDefaults(fields), Manifest.class);
        } catch (JacksonException e) {
            throw new CheckpointException(file + ": not a checkpoint manifest: " + Text.problem("JSON", e));
        }
        if (manifest.formatVersion != FORMAT_VERSION) {
            throw new CheckpointException(file + ": unsupported format version " + manifest.formatVersion
                    + ", this version of the program reads " + FORMAT_VERSION);
        }
        if (!StrictJson.hasDigest(text, manifest.sha256)) {
            throw new CheckpointException(file + ": corrupt, its SHA-256 differs from the one that it contains");
        }
        return manifest;
    }
}
