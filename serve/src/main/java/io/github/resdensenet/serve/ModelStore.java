package io.github.resdensenet.serve;

import io.github.resdensenet.eval.QuantizationFile;
import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.Digest;
import io.github.resdensenet.util.Parallel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The models of the service by name. A new checkpoint replaces the old one in one step, after it has been tested. */
final class ModelStore implements AutoCloseable {
    private final Map<String, ServedModel> current = new LinkedHashMap<>();
    private final Map<String, ServedModel> previous = new LinkedHashMap<>();
    private final Map<String, String> newest = new HashMap<>(); // the files that were loaded last
    private final Map<String, String> failures = new HashMap<>();

    /** Files that could not be loaded, by model; they are not tried again until they are written. */
    private final Map<String, String> rejected = new HashMap<>();

    private boolean closed;
    private final InferencePrecision precision;
    private final ServerMetrics metrics;
    private final Consumer<String> log;

    /**
     * Loads the runs. The name of a model is that of its run folder.
     *
     * @param precision number format of the predictions
     * @param log receives one line per change
     * @throws IOException if a run cannot be loaded
     * @throws IllegalArgumentException if two runs have the same name
     */
    ModelStore(List<Path> runs, InferencePrecision precision, ServerMetrics metrics, Consumer<String> log)
            throws IOException {
        this.precision = precision;
        this.metrics = metrics;
        this.log = log;
        try {
            for (Path folder : runs) {
                Run run = Run.open(folder);
                String name = String.valueOf(folder.toAbsolutePath().normalize().getFileName());
                if (current.containsKey(name)) {
                    throw new IllegalArgumentException("two runs have the name " + name);
                }
                ServedModel model = load(name, run);
                current.put(name, model);
                newest.put(name, model.files());
            }
            for (String name : current.keySet()) {
                if (current.containsKey(name + InferenceProtocol.TENSOR)) {
                    throw new IllegalArgumentException("the name " + name + InferenceProtocol.TENSOR
                            + " stands for the run " + name + " with tensor input; rename one of the run folders");
                }
            }
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Loads a model on a thread of its own, which ends. Every thread that has computed keeps helper threads of OpenMP; if
     * there are more than processors, they wait in a slower way, and a single image takes 1.25 times as long.
     */
    private ServedModel load(String name, Run run) throws IOException {
        CompletableFuture<ServedModel> loading = new CompletableFuture<>();
        Parallel.daemon("load", () -> {
                    try {
                        loading.complete(ServedModel.load(name, run, precision));
                    } catch (IOException | RuntimeException | Error e) {
                        loading.completeExceptionally(e);
                    }
                })
                .start();
        ServedModel model = result(loading);
        if (precision != InferencePrecision.FP32) {
            log.accept(name + ": precision " + model.classifier().precision());
        }
        return model;
    }

    /** Waits for a model, also after an interrupt: without the model, nothing could close it. */
    private static ServedModel result(CompletableFuture<ServedModel> loading) throws IOException {
        try {
            return loading.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            } else if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            } else if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw e;
        }
    }

    /** Names of the models; the first is the default. */
    synchronized List<String> names() {
        return List.copyOf(current.keySet());
    }

    /**
     * A model, which the caller must release.
     *
     * @param name name of the model; null for the default
     * @throws HttpFailure 404 if there is no such model
     */
    synchronized ServedModel acquire(@Nullable String name) {
        ServedModel model = name == null ? current.values().iterator().next() : current.get(name);
        if (model == null) {
            throw new HttpFailure(404, "no such model");
        }
        model.retain();
        return model;
    }

    /** Calls a function with a model, which stays open meanwhile. Otherwise as {@link #acquire}. */
    <T> T use(String name, Function<ServedModel, T> function) {
        ServedModel model = acquire(name);
        try {
            return function.apply(model);
        } finally {
            model.release();
        }
    }

    /** Loads the runs whose files have changed since they were loaded. Not thread-safe. */
    void reloadChanged() {
        reload(false);
    }

    /** Loads the runs whose best checkpoint is not in use, also after a rollback. Not thread-safe. */
    void reload() {
        reload(true);
    }

    /** A checkpoint that cannot be loaded leaves the old model. */
    private void reload(boolean again) {
        List<ServedModel> models;
        synchronized (this) {
            models = new ArrayList<>(current.values());
        }
        for (ServedModel old : models) {
            String files = files(old.run());
            if (files.equals(again ? old.files() : newest.get(old.name()))) {
                continue;
            }
            String stamp = stamp(old.run(), files); // before loading: the files may be complete only afterwards
            if (!again && stamp.equals(rejected.get(old.name()))) {
                continue;
            }
            try {
                ServedModel model = load(old.name(), old.run());
                newest.put(old.name(), model.files());
                replace(old.name(), model);
                failures.remove(old.name());
                rejected.remove(old.name());
                metrics.reloaded(old.name(), true);
                log.accept(old.name() + ": new checkpoint loaded");
            } catch (IOException | RuntimeException e) {
                String message = String.valueOf(e.getMessage());
                rejected.put(old.name(), stamp);
                if (!message.equals(failures.put(old.name(), message)) || again) { // once, not at every attempt
                    metrics.reloaded(old.name(), false);
                    log.accept(old.name() + ": the old checkpoint stays: " + message);
                }
            }
        }
    }

    /** Digests of the files that determine a model, or the error in them. */
    private String files(Run run) {
        try {
            return files(run, run.readBestManifest(), precision);
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** Digests of the files that determine a model. */
    static String files(Run run, Manifest manifest, InferencePrecision precision) throws IOException {
        Path quantization = run.file(QuantizationFile.NAME);
        return precision == InferencePrecision.INT8 && Files.exists(quantization)
                ? manifest.sha256() + ' ' + Digest.sha256(quantization)
                : manifest.sha256();
    }

    /** Changes with every write of the files, also of those whose digest the manifest has. */
    private static String stamp(Run run, String files) {
        StringBuilder stamp = new StringBuilder(files);
        for (Path folder : List.of(run.best(), run.folder())) {
            try (Stream<Path> written = Files.list(folder)) {
                for (Path file : written.sorted().toList()) {
                    stamp.append(' ').append(Files.getLastModifiedTime(file));
                }
            } catch (IOException e) {
                stamp.append(" missing");
            }
        }
        return stamp.toString();
    }

    private synchronized void replace(String name, ServedModel model) {
        if (closed) {
            model.release();
            return;
        }
        ServedModel old = current.put(name, model);
        ServedModel older = old == null ? previous.remove(name) : previous.put(name, old);
        if (older != null) {
            older.release();
        }
    }

    /**
     * Returns to the checkpoint before the last reload, until the run's checkpoint changes again.
     *
     * @throws HttpFailure 404 if there is no such model, 409 if there is no earlier checkpoint
     */
    synchronized void rollBack(String name) {
        ServedModel now = current.get(name);
        if (now == null) {
            throw new HttpFailure(404, "no such model");
        }
        ServedModel before = previous.remove(name);
        if (before == null) {
            throw new HttpFailure(409, "the service has loaded no earlier checkpoint of this model");
        }
        current.put(name, before);
        now.release();
        log.accept(name + ": rolled back");
    }

    @Override
    public synchronized void close() {
        closed = true;
        current.values().forEach(ServedModel::release);
        previous.values().forEach(ServedModel::release);
        current.clear();
        previous.clear();
    }
}
