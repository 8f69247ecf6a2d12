package io.github.resdensenet.serve;

import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.serve.InferenceRequest.Output;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.json.JsonMapper;

/**
 * The Open Inference Protocol, version 2, with the extensions for binary tensors and classification.
 *
 * <p>Every run is two models: NAME takes encoded images (BYTES), and NAME-tensor takes preprocessed ones (FP32).
 */
final class InferenceProtocol {
    static final String TENSOR = "-tensor";
    private static final String LENGTH = "Inference-Header-Content-Length";
    private static final String VERSION = "1";

    private final ModelStore models;
    private final Scheduler scheduler;
    private final BooleanSupplier ready;
    private final Executor answering;

    InferenceProtocol(ModelStore models, Scheduler scheduler, BooleanSupplier ready, Executor answering) {
        this.models = models;
        this.scheduler = scheduler;
        this.ready = ready;
        this.answering = answering;
    }

    /** A model of the protocol: a loaded run and the kind of its input. */
    record Endpoint(ServedModel model, String name, boolean tensor) {
        int classes() {
            return model.classifier().classes().size();
        }

        List<Long> inputShape() {
            return tensor ? List.of(-1L, 3L, (long) model.size(), (long) model.size()) : List.of(-1L);
        }

        String inputName() {
            return tensor ? "pixel_values" : "image";
        }

        String inputType() {
            return tensor ? "FP32" : "BYTES";
        }

        /** Names of the outputs. Clients that need exactly one use the tensor model. */
        List<String> outputs() {
            return tensor ? List.of("probabilities") : List.of("probabilities", "logits");
        }
    }

    void addTo(Router router) {
        for (String root : List.of("/v2", "/v2/")) {
            router.get(root, call -> server());
        }
        router.open("/v2/health/live", call -> Answer.json(Map.of("live", true)));
        router.open("/v2/health/ready", call -> readiness());
        router.add("POST", "/v2/repository/index", call -> CompletableFuture.completedFuture(index()));
        for (String model : List.of("/v2/models/{model}", "/v2/models/{model}/versions/{version}")) {
            router.get(model, this::metadata);
            router.get(model + "/ready", this::modelReady);
            router.get(model + "/config", this::config);
            router.add("POST", model + "/infer", this::infer);
        }
    }

    private static Answer server() {
        String version = InferenceProtocol.class.getPackage().getImplementationVersion();
        return Answer.json(Map.of(
                "name",
                "resdensenet",
                "version",
                version == null ? "development" : version,
                "extensions",
                List.of("binary_tensor_data", "classification", "model_configuration", "model_repository")));
    }

    private Answer readiness() {
        boolean now = ready.getAsBoolean();
        return Answer.json(now ? 200 : 503, Map.of("ready", now, "live", true));
    }

    private Answer index() {
        List<Map<String, Object>> list = new ArrayList<>();
        for (String name : models.names()) {
            for (String suffix : List.of("", TENSOR)) {
                list.add(Map.of("name", name + suffix, "version", VERSION, "state", "READY", "reason", ""));
            }
        }
        return Answer.json(list);
    }

    /** The model of a request, which the caller must release. */
    private Endpoint endpoint(Call call) {
        String name = call.variables().getOrDefault("model", "");
        String version = call.variables().getOrDefault("version", VERSION);
        if (!version.equals(VERSION)) {
            throw new HttpFailure(404, "no such version; the only version is " + VERSION);
        }
        boolean tensor = name.endsWith(TENSOR) && !models.names().contains(name);
        String run = tensor ? name.substring(0, name.length() - TENSOR.length()) : name;
        return new Endpoint(models.acquire(run), name, tensor);
    }

    private Answer metadata(Call call) {
        Endpoint endpoint = endpoint(call);
        endpoint.model.release();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("name", endpoint.name);
        fields.put("versions", List.of(VERSION));
        fields.put("platform", "resdensenet");
        fields.put("inputs", List.of(tensor(endpoint.inputName(), endpoint.inputType(), endpoint.inputShape())));
        fields.put(
                "outputs",
                endpoint.outputs().stream()
                        .map(name -> tensor(name, "FP32", List.of(-1L, (long) endpoint.classes())))
                        .toList());
        return Answer.json(fields);
    }

    private static Map<String, Object> tensor(String name, String datatype, List<Long> shape) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("name", name);
        fields.put("datatype", datatype);
        fields.put("shape", shape);
        return fields;
    }

    private Answer modelReady(Call call) {
        Endpoint endpoint = endpoint(call);
        endpoint.model.release();
        boolean now = ready.getAsBoolean();
        return Answer.json(now ? 200 : 503, Map.of("name", endpoint.name, "ready", now));
    }

    private Answer config(Call call) {
        Endpoint endpoint = endpoint(call);
        endpoint.model.release();
        Map<String, Object> input = new LinkedHashMap<>();
        input.put("name", endpoint.inputName());
        input.put("data_type", endpoint.tensor ? "TYPE_FP32" : "TYPE_STRING");
        input.put("format", endpoint.tensor ? "FORMAT_NCHW" : "FORMAT_NONE");
        List<Long> shape = endpoint.inputShape();
        input.put("dims", endpoint.tensor ? shape.subList(1, shape.size()) : List.of(1));
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("name", endpoint.name);
        fields.put("platform", "resdensenet");
        fields.put("backend", "resdensenet");
        fields.put("max_batch_size", scheduler.capacity());
        fields.put("input", List.of(input));
        fields.put(
                "output",
                endpoint.outputs().stream()
                        .map(name ->
                                Map.of("name", name, "data_type", "TYPE_FP32", "dims", List.of(endpoint.classes())))
                        .toList());
        return Answer.json(fields);
    }

    private CompletableFuture<Answer> infer(Call call) {
        Endpoint endpoint = endpoint(call);
        try {
            InferenceRequest request =
                    InferenceRequest.parse(call, endpoint, call.headers().get(LENGTH));
            List<CompletableFuture<Prediction>> results = endpoint.tensor
                    ? scheduler.classifyTensors(endpoint.model, request.tensors())
                    : scheduler.classify(endpoint.model, request.images());
            return CompletableFuture.allOf(results.toArray(CompletableFuture[]::new))
                    .thenApplyAsync(
                            unused -> answer(
                                    endpoint,
                                    request,
                                    results.stream()
                                            .map(CompletableFuture::join)
                                            .toList()),
                            answering);
        } finally {
            endpoint.model.release();
        }
    }

    private static Answer answer(Endpoint endpoint, InferenceRequest request, List<Prediction> predictions) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("model_name", endpoint.name);
        fields.put("model_version", VERSION);
        request.id().ifPresent(id -> fields.put("id", id));
        fields.put("parameters", Map.of("checkpoint", endpoint.model.version()));
        List<Map<String, Object>> outputs = new ArrayList<>();
        ByteArrayOutputStream binary = new ByteArrayOutputStream();
        for (Output output : request.outputs()) {
            outputs.add(output(endpoint, output, predictions, binary));
        }
        fields.put("outputs", outputs);
        if (binary.size() == 0) {
            return Answer.json(fields);
        }
        byte[] json = JsonMapper.shared().writeValueAsBytes(fields);
        byte[] body = new byte[json.length + binary.size()];
        System.arraycopy(json, 0, body, 0, json.length);
        System.arraycopy(binary.toByteArray(), 0, body, json.length, binary.size());
        return new Answer(200, "application/octet-stream", body, Map.of(LENGTH, Integer.toString(json.length)));
    }

    private static Map<String, Object> output(
            Endpoint endpoint, Output output, List<Prediction> predictions, ByteArrayOutputStream binary) {
        List<Object> data = new ArrayList<>();
        for (Prediction prediction : predictions) {
            List<Double> values = output.name().equals("logits") ? prediction.logits() : prediction.probabilities();
            if (output.topK() == 0) {
                values.forEach(value -> data.add(value.floatValue()));
            } else {
                int shown = Math.min(output.topK(), values.size());
                for (int index : prediction.ranking().subList(0, shown)) {
                    data.add(values.get(index).floatValue() + ":" + index + ":"
                            + endpoint.model.classifier().classes().get(index));
                }
            }
        }
        long columns = data.size() / predictions.size();
        String type = output.topK() == 0 ? "FP32" : "BYTES";
        Map<String, Object> fields = tensor(output.name(), type, List.of((long) predictions.size(), columns));
        if (!output.binary()) {
            fields.put("data", data);
            return fields;
        }
        byte[] bytes = bytes(data);
        binary.writeBytes(bytes);
        fields.put("parameters", Map.of("binary_data_size", bytes.length));
        return fields;
    }

    /** Numbers as little-endian float32, texts with their length before them. */
    private static byte[] bytes(List<Object> data) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (Object value : data) {
            ByteBuffer four = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
            if (value instanceof Float number) {
                bytes.writeBytes(four.putFloat(number).array());
            } else {
                byte[] text = value.toString().getBytes(StandardCharsets.UTF_8);
                bytes.writeBytes(four.putInt(text.length).array());
                bytes.writeBytes(text);
            }
        }
        return bytes.toByteArray();
    }
}
