package io.github.resdensenet.serve;

import io.github.resdensenet.explain.Explainer;
import io.github.resdensenet.explain.Explainer.Request;
import io.github.resdensenet.explain.Explanation;
import io.github.resdensenet.explain.FaithfulnessCheck;
import io.github.resdensenet.explain.Method;
import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.ImageException;
import io.github.resdensenet.image.ImageMemoryException;
import io.github.resdensenet.image.PngWriter;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.predict.PredictionJson;
import io.github.resdensenet.serve.Call.Upload;
import io.github.resdensenet.util.Parallel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpHeader;

/** {@code POST /classify} and {@code POST /explain}: images in, the JSON of predict and explain out. */
final class ImageRoutes implements AutoCloseable {
    private static final int WAITING_EXPLANATIONS = 8;

    /** The overlay is enlarged to at least this many pixels, so that it can be looked at. */
    private static final int OVERLAY_PIXELS = 256;

    private final ModelStore models;
    private final Scheduler scheduler;
    private final ServeOptions options;
    /** Its thread ends soon after an explanation, see {@link ModelStore}. */
    private final ThreadPoolExecutor explaining = new ThreadPoolExecutor(
            1,
            1,
            1,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING_EXPLANATIONS),
            work -> Parallel.daemon("explain", () -> {
                NativeSettings.apply(0); // flushing denormal numbers is a setting of the thread
                work.run();
            }));

    private final OpenAnswers<Answer> open = new OpenAnswers<>();
    private final Executor answering;

    /** Routes that write their answers with {@code answering}. */
    ImageRoutes(ModelStore models, Scheduler scheduler, ServeOptions options, Executor answering) {
        this.answering = answering;
        explaining.allowCoreThreadTimeOut(true);
        this.models = models;
        this.scheduler = scheduler;
        this.options = options;
    }

    /** Answers one object for a raw body, and a list with an object per file for a form. */
    CompletableFuture<Answer> classify(Call call) {
        PredictionJson form = form(call);
        List<Upload> uploads = call.uploads();
        ServedModel model = models.acquire(call.query().get("model"));
        try {
            long start = System.nanoTime();
            List<CompletableFuture<Prediction>> results = scheduler.classify(
                    model, uploads.stream().map(Upload::content).toList());
            return CompletableFuture.allOf(results.toArray(CompletableFuture[]::new))
                    .handleAsync(
                            (unused, error) -> {
                                double millis = (System.nanoTime() - start) / 1e6;
                                if (!call.isMultipart()) {
                                    return Answer.json(object(
                                            model,
                                            form,
                                            uploads.get(0),
                                            results.get(0).join(),
                                            millis));
                                }
                                List<Map<String, Object>> list = new ArrayList<>();
                                for (int i = 0; i < uploads.size(); i++) {
                                    list.add(result(model, form, uploads.get(i), results.get(i), millis));
                                }
                                if (list.stream().allMatch(ImageRoutes::isServiceFailure)) {
                                    results.forEach(CompletableFuture::join);
                                }
                                return Answer.json(list);
                            },
                            answering);
        } finally {
            model.release(); // each image holds the model until it is done
        }
    }

    private static PredictionJson form(Call call) {
        try {
            double topK = call.number("top_k").orElse((double) Integer.MAX_VALUE);
            if (topK != Math.rint(topK)) {
                throw new HttpFailure(400, "top_k must be a whole number");
            }
            return new PredictionJson((int) topK, call.flag("raw"), call.number("abstain_below"));
        } catch (IllegalArgumentException e) {
            throw new HttpFailure(
                    400,
                    String.valueOf(e.getMessage()).replace("topK", "top_k").replace("abstainBelow", "abstain_below"));
        }
    }

    /** An image's object; one that failed has its reason, and the others are not affected. */
    private static Map<String, Object> result(
            ServedModel model,
            PredictionJson form,
            Upload upload,
            CompletableFuture<Prediction> result,
            double millis) {
        try {
            return object(model, form, upload, result.join(), millis);
        } catch (CompletionException e) {
            Map<String, Object> fields = new LinkedHashMap<>();
            upload.name().ifPresent(name -> fields.put("file", name));
            HttpFailure failure = HttpFailure.of(e);
            fields.put("error", failure.sentence());
            fields.put("status", failure.status());
            return fields;
        }
    }

    /** Whether the service and not the image is the reason why there is no prediction. */
    private static boolean isServiceFailure(Map<String, Object> result) {
        return result.get("status") instanceof Integer status && status >= 500;
    }

    private static Map<String, Object> object(
            ServedModel model, PredictionJson form, Upload upload, Prediction prediction, double millis) {
        Map<String, Object> fields = new LinkedHashMap<>();
        upload.name().ifPresent(name -> fields.put("file", name));
        fields.putAll(form.fields(prediction, model.classifier().temperature()));
        fields.putIfAbsent("abstained", false);
        fields.put("model", model.version());
        fields.put("ms", millis);
        return fields;
    }

    /** Answers the JSON of explain with the overlay; only the overlay as PNG if the client accepts nothing else. */
    CompletableFuture<Answer> explain(Call call) {
        Request request = request(call);
        List<Upload> uploads = call.uploads();
        if (uploads.size() != 1) {
            throw new HttpFailure(400, "explain takes one image, got " + uploads.size());
        }
        boolean check = !call.query().containsKey("check") || call.flag("check");
        String accept = call.headers().get(HttpHeader.ACCEPT);
        boolean png = accept != null && accept.replaceFirst(";.*", "").strip().equalsIgnoreCase("image/png");
        ServedModel model = models.acquire(call.query().get("model"));
        CompletableFuture<Answer> result = new CompletableFuture<>();
        open.add(result);
        CompletableFuture<Boolean> started = new CompletableFuture<>();
        CompletableFuture<Boolean> unused = started.orTimeout(options.timeout().toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((yes, late) -> {
                    if (late != null) {
                        result.completeExceptionally(new HttpFailure(504, "the explanation was not started in time"));
                    }
                });
        try {
            explaining.execute(() -> {
                try {
                    if (!started.complete(true) || result.isDone()) {
                        return;
                    }
                    result.complete(explain(model, uploads.get(0), request, check && !png, png));
                } catch (ImageException e) {
                    result.completeExceptionally(HttpFailure.ofImage(e));
                } catch (IllegalArgumentException e) {
                    result.completeExceptionally(new HttpFailure(400, String.valueOf(e.getMessage())));
                } catch (ImageMemoryException | OutOfMemoryError e) {
                    result.completeExceptionally(HttpFailure.outOfMemory());
                } catch (IOException | RuntimeException | Error e) {
                    result.completeExceptionally(new HttpFailure(500, "the explanation cannot be computed"));
                } finally {
                    model.release();
                }
            });
        } catch (RejectedExecutionException e) {
            model.release();
            started.complete(false);
            result.completeExceptionally(HttpFailure.tryAgain("too many explanations are waiting", 5));
        }
        return result;
    }

    private static Request request(Call call) {
        try {
            Request request = Request.of(Method.of(call.parameter("method").orElse(Method.GRADCAM.label())));
            return call.parameter("target").map(request::forClass).orElse(request);
        } catch (IllegalArgumentException e) {
            throw new HttpFailure(400, String.valueOf(e.getMessage()));
        }
    }

    private Answer explain(ServedModel model, Upload upload, Request request, boolean check, boolean png)
            throws IOException {
        RgbImage image = ImageDecoder.decode(
                HttpFailure.IMAGE,
                upload.content(),
                model.classifier().preprocessing().upright(),
                options.maxPixels());
        Explainer explainer = model.explainer();
        Explanation explanation = explainer.explain(image, request);
        int scale = Math.max(1, OVERLAY_PIXELS / explanation.image().width());
        RgbImage overlay = explanation.overlay(scale);
        byte[] drawn = PngWriter.rgb(overlay.width(), overlay.height(), overlay.pixels());
        if (png) {
            return new Answer(200, "image/png", drawn, Map.of());
        }
        Optional<FaithfulnessCheck> checked = check ? Optional.of(explainer.check(explanation)) : Optional.empty();
        Map<String, Object> fields = explanation.json(upload.name().orElse(""), checked);
        if (upload.name().isEmpty()) {
            fields.remove("file");
        }
        fields.put("model", model.version());
        RgbImage input = explanation.enlarged(scale);
        fields.put("image", dataUrl(PngWriter.rgb(input.width(), input.height(), input.pixels())));
        fields.put("overlay", dataUrl(drawn));
        return Answer.json(fields);
    }

    private static String dataUrl(byte[] png) {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(png);
    }

    /** Answers that the service is stopping to all requests for explanations. */
    void abandon() {
        open.abandon();
    }

    @Override
    public void close() {
        abandon();
        explaining.shutdown();
    }
}
