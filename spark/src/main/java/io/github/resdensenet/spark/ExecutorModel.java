package io.github.resdensenet.spark;

import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.run.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.broadcast.Broadcast;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model in an executor. It is loaded once, by the first task that needs it. Tasks that run at the same time have a
 * classifier each, which later tasks use again.
 */
final class ExecutorModel {
    /** Models that an executor keeps; the one that was not used for the longest time goes first. */
    private static final int KEPT = 2;

    private static final Logger LOG = LoggerFactory.getLogger(ExecutorModel.class);
    private static final Map<String, ExecutorModel> MODELS = new LinkedHashMap<>(16, 0.75f, true);
    private static final AtomicInteger LOADED = new AtomicInteger();

    private final Checkpoint checkpoint;
    private final Deque<Classifier> idle = new ArrayDeque<>();
    private boolean kept = true;

    static {
        SparkNatives.prepare();
    }

    private ExecutorModel(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
    }

    /** The model of this executor. */
    static synchronized ExecutorModel of(String digest, Broadcast<ModelFiles> files) throws IOException {
        ExecutorModel model = MODELS.get(digest);
        if (model == null) {
            model = new ExecutorModel(files.value().checkpoint());
            LOG.info("Loaded model {}", digest);
            LOADED.incrementAndGet();
            MODELS.put(digest, model);
            if (MODELS.size() > KEPT) {
                Iterator<ExecutorModel> eldest = MODELS.values().iterator();
                eldest.next().discard();
                eldest.remove();
            }
        }
        return model;
    }

    /** How many models this executor has loaded. */
    static int loaded() {
        return LOADED.get();
    }

    /** A classifier for the calling task alone, until it calls {@link #giveBack}. */
    synchronized Classifier take(int threads) throws IOException {
        NativeSettings.apply(threads); // of this thread
        Classifier classifier = idle.poll();
        return classifier != null ? classifier : Classifier.of(checkpoint, Path.of("model"), threads);
    }

    synchronized void giveBack(Classifier classifier) {
        if (kept) {
            idle.push(classifier);
        } else {
            classifier.close();
        }
    }

    private synchronized void discard() {
        kept = false;
        idle.forEach(Classifier::close);
        idle.clear();
    }
}
