package io.github.resdensenet.serve;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.ImageException;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.util.Parallel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Decodes and classifies images in the order in which they come, without waiting for batches to fill.
 *
 * <p>Several threads decode. One thread computes: it takes the images that wait, at most four per core, and computes them
 * side by side. The result of an image does not depend on its neighbours. A request that would have to wait longer than
 * its timeout is rejected at once. An image whose timeout has passed is not computed.
 */
final class Scheduler implements AutoCloseable {
    private static final double NEW_MEASUREMENT = 0.1;
    private static final int READY_PER_CORE = 4;

    /** Several, so that a core that is done early takes another image instead of waiting for the others. */
    private static final int AT_ONCE_PER_CORE = 4;

    private final int cores;
    private final int capacity;
    private final Duration timeout;
    private final long maxPixels;
    private final ServerMetrics metrics;
    private final ExecutorService decoders;

    /** Few, because a decoded image takes more memory than its file. */
    private final LinkedBlockingQueue<Job> ready;

    private final AtomicInteger admitted = new AtomicInteger();
    private final OpenAnswers<Prediction> open = new OpenAnswers<>();
    private final Thread computing;
    private FloatBuffer memory = FloatBuffer.allocate(0); // of the compute thread
    private volatile double millisPerImage;
    private volatile boolean closed;

    /**
     * A decoded image.
     *
     * @param statistics the part of the drift features that needs no prediction
     */
    @SuppressWarnings("ArrayRecordComponent") // not compared
    private record Job(
            ServedModel model,
            FloatBuffer input,
            double[] statistics,
            CompletableFuture<Prediction> result,
            long since) {}

    /** An image as a file's bytes, or as the network's input. */
    private interface Source {
        FloatBuffer input() throws IOException;
    }

    Scheduler(int cores, ServeOptions options, ServerMetrics metrics) {
        this.cores = cores;
        this.capacity = options.queue();
        this.timeout = options.timeout();
        this.maxPixels = options.maxPixels();
        this.metrics = metrics;
        ready = new LinkedBlockingQueue<>(READY_PER_CORE * cores);
        decoders = Executors.newFixedThreadPool(cores, work -> Parallel.daemon("decode", work));
        computing = Parallel.daemon("compute", this::compute);
        computing.start();
        metrics.gauge("resdensenet_images_in_progress", "Images that wait or are computed", admitted::get);
    }

    /** Number of images that may wait or be computed at once. */
    int capacity() {
        return capacity;
    }

    /**
     * Classifies encoded images.
     *
     * @return a result per image; fails with {@link HttpFailure}
     * @throws HttpFailure 429 if the images would have to wait too long
     */
    List<CompletableFuture<Prediction>> classify(ServedModel model, List<ByteBuffer> files) {
        return submit(
                model,
                files.stream()
                        .map(file -> (Source) () -> model.classifier()
                                .preprocess(List.of(ImageDecoder.decode(
                                        HttpFailure.IMAGE,
                                        file,
                                        model.classifier().preprocessing().upright(),
                                        maxPixels)))
                                .memory())
                        .toList());
    }

    /** Classifies preprocessed images, float32 [3, S, S] each. Otherwise as {@link #classify}. */
    List<CompletableFuture<Prediction>> classifyTensors(ServedModel model, List<FloatBuffer> inputs) {
        return submit(model, inputs.stream().map(input -> (Source) () -> input).toList());
    }

    private List<CompletableFuture<Prediction>> submit(ServedModel model, List<Source> sources) {
        admit(sources.size());
        List<CompletableFuture<Prediction>> results = new ArrayList<>();
        for (Source source : sources) {
            CompletableFuture<Prediction> result = new CompletableFuture<>();
            Place place = new Place(source);
            model.retain();
            results.add(result.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                    .whenComplete((prediction, error) -> {
                        place.answered();
                        model.release();
                    })
                    .exceptionally(this::failure));
            open.add(result);
            long since = System.nanoTime();
            decoders.execute(() -> decode(model, place, result, since));
        }
        return results;
    }

    /** The place of an image in the service: taken until it has an answer, and no thread decodes it any more. */
    private final class Place {
        private @Nullable Source source;
        private boolean decoding;
        private boolean answered;

        Place(Source source) {
            this.source = source;
        }

        /** The image, for the thread that decodes it; null if it has an answer already. */
        synchronized @Nullable Source startDecoding() {
            Source taken = source;
            source = null;
            decoding = taken != null;
            return taken;
        }

        synchronized void decoded() {
            decoding = false;
            if (answered) {
                admitted.decrementAndGet();
            }
        }

        synchronized void answered() {
            source = null;
            answered = true;
            if (!decoding) {
                admitted.decrementAndGet();
            }
        }
    }

    private Prediction failure(Throwable error) {
        if (error instanceof CompletionException e && e.getCause() instanceof TimeoutException) {
            metrics.expired();
            throw new HttpFailure(504, "the image was not computed in time");
        }
        throw HttpFailure.of(error);
    }

    private void admit(int images) {
        if (images > capacity) {
            throw new HttpFailure(413, "a request may have at most " + capacity + " images, got " + images);
        }
        int before = admitted.getAndAdd(images);
        double wait = before * millisPerImage;
        if (closed || before + images > capacity || wait > timeout.toMillis()) {
            admitted.addAndGet(-images);
            long seconds = (long) Math.max(1, Math.ceil(wait / 1000));
            throw closed ? HttpFailure.stopping() : HttpFailure.tryAgain("too many images are waiting", seconds);
        }
    }

    private void decode(ServedModel model, Place place, CompletableFuture<Prediction> result, long since) {
        Source source = place.startDecoding();
        if (source == null) {
            return;
        }
        try {
            Job job;
            try {
                FloatBuffer input = source.input();
                job = new Job(model, input, model.statistics(input), result, since);
            } finally {
                place.decoded();
            }
            ready.put(job);
        } catch (InterruptedException e) {
            result.completeExceptionally(HttpFailure.stopping());
        } catch (ImageException e) {
            result.completeExceptionally(HttpFailure.ofImage(e));
        } catch (IOException | OutOfMemoryError e) {
            result.completeExceptionally(HttpFailure.outOfMemory());
        } catch (RuntimeException | Error e) {
            result.completeExceptionally(new HttpFailure(500, "the image cannot be decoded"));
        }
    }

    private void compute() {
        List<Job> batch = new ArrayList<>();
        while (true) {
            try {
                batch.add(ready.take());
                for (Job next = ready.peek();
                        next != null && batch.size() < most(batch.get(0).model) && next.model == batch.get(0).model;
                        next = ready.peek()) {
                    batch.add(ready.remove());
                }
                // Every result that is not done holds the model; a result that times out now would release it.
                ServedModel model = batch.get(0).model;
                if (model.retain()) {
                    try {
                        batch.removeIf(job -> job.result.isDone());
                        if (!batch.isEmpty()) {
                            compute(model, batch);
                        }
                    } finally {
                        model.release();
                    }
                }
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException | Error e) { // later images need this thread
                HttpFailure failure = e instanceof OutOfMemoryError
                        ? HttpFailure.outOfMemory()
                        : new HttpFailure(500, "the image cannot be computed");
                batch.forEach(job -> job.result.completeExceptionally(failure));
            }
            batch.clear();
        }
    }

    /** How many images are computed at once. */
    private int most(ServedModel model) {
        return Math.min(AT_ONCE_PER_CORE * cores, Batch.largest(model.size()));
    }

    private void compute(ServedModel model, List<Job> jobs) {
        long start = System.nanoTime();
        int values = 3 * model.size() * model.size();
        if (memory.capacity() < most(model) * values) {
            memory = Batch.allocate(most(model), model.size());
        }
        memory.clear();
        jobs.forEach(job -> memory.put(job.input.duplicate().rewind()));
        List<Prediction> predictions;
        int[] none = new int[jobs.size()];
        try (Batch batch = new Batch(memory.rewind(), none, none, model.size(), () -> {})) {
            predictions = model.classifier().classify(batch);
        }
        long end = System.nanoTime();
        double millis = (end - start) / 1e6 / jobs.size();
        millisPerImage = millisPerImage == 0 ? millis : millisPerImage + NEW_MEASUREMENT * (millis - millisPerImage);
        metrics.computed(jobs.size(), end - start);
        for (int i = 0; i < jobs.size(); i++) {
            Job job = jobs.get(i);
            Prediction prediction = predictions.get(i);
            metrics.waited(start - job.since);
            if (!prediction.isFinite()) {
                job.result.completeExceptionally(
                        new HttpFailure(422, "the model's logits for it are not finite numbers"));
            } else if (job.result.complete(prediction)) {
                metrics.predicted(model.name(), prediction.className());
                model.observe(prediction, job.statistics);
            }
        }
    }

    /** Answers that the service is stopping to all images that have not been computed, and to new ones. */
    void abandon() {
        closed = true;
        open.abandon();
    }

    @Override
    public void close() {
        abandon();
        decoders.shutdownNow();
        computing.interrupt();
    }
}
