package io.github.resdensenet.serve;

import io.github.resdensenet.eval.DriftReference;
import io.github.resdensenet.explain.Explainer;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.KeyedRandom;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A loaded checkpoint. It is closed when it has been retired and no request uses it any more.
 *
 * <p>The scheduler's compute thread alone calls {@link #classifier}'s methods that compute.
 */
final class ServedModel {
    private static final int CANARIES = 4;
    private static final int CANARY_SIZE = 96;

    private final String name;
    private final Run run;
    private final String files;
    private final Classifier classifier;
    private final Manifest manifest;
    private final Checkpoint checkpoint;
    private final Optional<DriftMonitor> drift;
    private @Nullable Explainer explainer;
    private int users = 1; // the store itself

    private ServedModel(String name, Run run, Checkpoint best, InferencePrecision precision) throws IOException {
        this.name = name;
        this.run = run;
        checkpoint = best;
        manifest = best.manifest();
        files = ModelStore.files(run, manifest, precision);
        drift = DriftReference.read(run).map(DriftMonitor::new);
        classifier = Classifier.of(run, best, precision);
    }

    /**
     * Loads the best checkpoint of a run and classifies a few generated images with it.
     *
     * @throws IOException if the checkpoint is missing or corrupt, or gives a value that is not a number, or two results
     *     for one image
     */
    static ServedModel load(String name, Run run, InferencePrecision precision) throws IOException {
        ServedModel model = new ServedModel(name, run, run.readModel(), precision);
        try {
            List<RgbImage> canaries = canaries();
            List<Prediction> together = model.classifier.classify(canaries);
            for (int i = 0; i < canaries.size(); i++) {
                Prediction alone = model.classifier.classify(canaries.get(i));
                if (!alone.logits().equals(together.get(i).logits())
                        || alone.logits().stream().anyMatch(logit -> !Double.isFinite(logit))) {
                    throw new IOException(run.best() + ": the model's results for a test image are not reproducible");
                }
            }
            return model;
        } catch (IOException | RuntimeException | Error e) {
            model.classifier.close();
            throw e;
        }
    }

    private static List<RgbImage> canaries() {
        List<RgbImage> images = new ArrayList<>();
        for (int i = 0; i < CANARIES; i++) {
            KeyedRandom random = KeyedRandom.of(i);
            byte[] pixels = new byte[3 * CANARY_SIZE * CANARY_SIZE];
            for (int k = 0; k < pixels.length; k++) {
                pixels[k] = (byte) random.nextInt(256);
            }
            images.add(new RgbImage(CANARY_SIZE, CANARY_SIZE, pixels));
        }
        return images;
    }

    String name() {
        return name;
    }

    Run run() {
        return run;
    }

    Manifest manifest() {
        return manifest;
    }

    Classifier classifier() {
        return classifier;
    }

    /** Height and width of the network's input. */
    int size() {
        return classifier.preprocessing().imageSize();
    }

    /** Compares the images with the validation set; empty if the run has no reference for it. */
    Optional<DriftMonitor> drift() {
        return drift;
    }

    /** What the drift check needs of the network's input for an image; empty without a drift check. */
    double[] statistics(FloatBuffer input) {
        return drift.isPresent()
                ? DriftReference.statistics(
                        input, 0, size(), classifier.preprocessing().normalize())
                : new double[0];
    }

    /** Adds an image to the drift check. */
    void observe(Prediction prediction, double[] statistics) {
        drift.ifPresent(monitor -> monitor.add(DriftReference.features(
                prediction.probabilities().stream()
                        .mapToDouble(Double::doubleValue)
                        .toArray(),
                statistics)));
    }

    /** Digests of the files from which the model was loaded. */
    String files() {
        return files;
    }

    /** SHA-256 of the checkpoint. */
    String version() {
        return manifest.sha256();
    }

    /**
     * The explainer of this checkpoint, with a network of its own, so that explanations and predictions do not wait for
     * each other. For one thread.
     *
     * @throws IOException if the checkpoint cannot be read any more
     */
    Explainer explainer() throws IOException {
        if (explainer == null) {
            explainer = new Explainer(Classifier.of(checkpoint, run.best()));
        }
        return explainer;
    }

    /** Keeps the model open until {@link #release}; returns false if it is closed already. */
    synchronized boolean retain() {
        if (users == 0) {
            return false;
        }
        users++;
        return true;
    }

    synchronized void release() {
        if (--users == 0) {
            classifier.close();
            if (explainer != null) {
                explainer.close();
            }
        }
    }
}
