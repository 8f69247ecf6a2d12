package io.github.resdensenet.serve;

import io.github.resdensenet.serve.InferenceProtocol.Endpoint;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A request for inference.
 *
 * @param id the client's identifier
 * @param images encoded images, for a model that takes them
 * @param tensors preprocessed images, for a model that takes them
 * @param outputs the outputs to answer
 */
record InferenceRequest(Optional<String> id, List<ByteBuffer> images, List<FloatBuffer> tensors, List<Output> outputs) {
    private static final int DEEPEST = 64;

    /** Each number in JSON takes several times the memory of a number in binary data. */
    private static final long MOST_TOKENS = 4_000_000;

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST)
                            .maxTokenCount(MOST_TOKENS)
                            .build())
                    .build())
            .build();

    /**
     * An output to answer.
     *
     * @param binary whether its data follow the JSON
     * @param topK number of classes to answer as texts; 0 for all numbers
     */
    record Output(String name, boolean binary, int topK) {}

    /**
     * Reads a request.
     *
     * @param headerLength length of the JSON at the start of the body; null if there is nothing else
     * @throws HttpFailure 400 if the request breaks a rule of the protocol
     */
    static InferenceRequest parse(Call call, Endpoint endpoint, @Nullable String headerLength) {
        byte[] body = call.body();
        int length = headerLength == null ? body.length : length(headerLength, body.length);
        if (headerLength != null && length == 0) {
            return raw(endpoint, ByteBuffer.wrap(body));
        }
        JsonNode json;
        try {
            json = JSON.readTree(body, 0, length);
        } catch (StreamConstraintsException e) {
            throw bad("the JSON is nested too deeply, or has more than " + MOST_TOKENS
                    + " values; send the data as binary data");
        } catch (JacksonException e) {
            throw bad("the request is not JSON");
        }
        JsonNode inputs = json.path("inputs");
        if (!json.isObject() || !inputs.isArray() || inputs.size() != 1) {
            throw bad("inputs must be a list of one tensor, " + endpoint.inputName());
        }
        JsonNode input = inputs.get(0);
        if (!input.path("name").asString("").equals(endpoint.inputName())) {
            throw bad("the input must be " + endpoint.inputName());
        }
        if (!input.path("datatype").asString("").equals(endpoint.inputType())) {
            throw bad("the datatype of " + endpoint.inputName() + " must be " + endpoint.inputType());
        }
        JsonNode id = json.path("id");
        if (json.hasNonNull("id") && !id.isString()) {
            throw bad("id must be a string");
        }
        Optional<String> name = id.isString() ? Optional.of(id.asString()) : Optional.empty();
        List<Output> outputs = outputs(json, endpoint);
        int count = count(input.path("shape"), endpoint);
        ByteBuffer rest = ByteBuffer.wrap(body, length, body.length - length).slice();
        JsonNode size = input.path("parameters").path("binary_data_size");
        if (!size.isMissingNode() && !size.isNull()) {
            if (!size.isIntegralNumber() || !size.canConvertToLong() || size.asLong() != rest.remaining()) {
                throw bad("binary_data_size must be the number of bytes after the JSON, " + rest.remaining());
            }
            return endpoint.tensor()
                    ? new InferenceRequest(name, List.of(), floats(rest, count, endpoint), outputs)
                    : new InferenceRequest(name, elements(rest, count), List.of(), outputs);
        }
        if (rest.hasRemaining()) {
            throw bad("there are bytes after the JSON, but the input has no binary_data_size");
        }
        List<JsonNode> values = new ArrayList<>();
        flatten(input.path("data"), values);
        return endpoint.tensor()
                ? new InferenceRequest(name, List.of(), floats(values, count, endpoint), outputs)
                : new InferenceRequest(name, images(values, count), List.of(), outputs);
    }

    private static HttpFailure bad(String message) {
        return new HttpFailure(400, message);
    }

    private static int length(String header, int most) {
        try {
            int length = Integer.parseInt(header);
            if (length >= 0 && length <= most) {
                return length;
            }
        } catch (NumberFormatException e) {
            // falls through
        }
        throw bad("Inference-Header-Content-Length must be 0 to the length of the body, " + most);
    }

    /** A body without JSON: one encoded image, or the numbers of preprocessed images. */
    private static InferenceRequest raw(Endpoint endpoint, ByteBuffer body) {
        List<Output> outputs = endpoint.outputs().stream()
                .map(name -> new Output(name, true, 0))
                .toList();
        if (!endpoint.tensor()) {
            return new InferenceRequest(Optional.empty(), List.of(body), List.of(), outputs);
        }
        int bytes = values(endpoint) * Float.BYTES;
        if (body.remaining() == 0 || body.remaining() % bytes != 0) {
            throw bad("the body must have a multiple of " + bytes + " bytes");
        }
        return new InferenceRequest(
                Optional.empty(), List.of(), floats(body, body.remaining() / bytes, endpoint), outputs);
    }

    private static int values(Endpoint endpoint) {
        return 3 * endpoint.model().size() * endpoint.model().size();
    }

    private static List<Output> outputs(JsonNode json, Endpoint endpoint) {
        JsonNode all = json.path("parameters").path("binary_data_output");
        boolean binary = all.asBoolean(false);
        if (!json.hasNonNull("outputs")) {
            return endpoint.outputs().stream()
                    .map(name -> new Output(name, binary, 0))
                    .toList();
        }
        List<Output> outputs = new ArrayList<>();
        for (JsonNode output : json.path("outputs")) {
            String name = output.path("name").asString("");
            if (!endpoint.outputs().contains(name)) {
                throw bad("the outputs are " + String.join(" and ", endpoint.outputs()));
            }
            if (outputs.stream().anyMatch(known -> known.name.equals(name))) {
                throw bad("the output " + name + " stands twice");
            }
            JsonNode parameters = output.path("parameters");
            int topK = parameters.path("classification").asInt(0);
            if (topK < 0) {
                throw bad("classification must be positive");
            }
            outputs.add(new Output(name, parameters.path("binary_data").asBoolean(binary), topK));
        }
        if (outputs.isEmpty()) {
            throw bad("outputs must not be empty");
        }
        return outputs;
    }

    /** The number of images in a shape, whose other dimensions are checked. */
    private static int count(JsonNode shape, Endpoint endpoint) {
        List<Long> wanted = endpoint.inputShape();
        boolean bytes = !endpoint.tensor();
        boolean fits = shape.isArray() && (shape.size() == wanted.size() || (bytes && shape.size() == 2));
        for (int i = 0; fits && i < shape.size(); i++) {
            long least = i == 0 ? 1 : bytes ? 1 : wanted.get(i);
            long most = i == 0 ? ServeOptions.MAX_BODY : least;
            fits = shape.get(i).isIntegralNumber()
                    && shape.get(i).canConvertToInt()
                    && shape.get(i).asInt() >= least
                    && shape.get(i).asInt() <= most;
        }
        if (!fits) {
            throw bad("the shape of " + endpoint.inputName() + " must be "
                    + wanted.toString().replace("-1", "n") + " with n of at least 1");
        }
        return shape.get(0).asInt();
    }

    private static List<FloatBuffer> floats(ByteBuffer bytes, int count, Endpoint endpoint) {
        int values = values(endpoint);
        if (bytes.remaining() != (long) count * values * Float.BYTES) {
            throw bad("the shape needs " + (long) count * values * Float.BYTES + " bytes, got " + bytes.remaining());
        }
        FloatBuffer all = bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        List<FloatBuffer> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            images.add(finite(all.slice(i * values, values)));
        }
        return images;
    }

    private static List<FloatBuffer> floats(List<JsonNode> values, int count, Endpoint endpoint) {
        int each = values(endpoint);
        if (values.size() != (long) count * each) {
            throw bad("the shape needs " + (long) count * each + " numbers, got " + values.size());
        }
        List<FloatBuffer> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            FloatBuffer image = FloatBuffer.allocate(each);
            for (JsonNode value : values.subList(i * each, (i + 1) * each)) {
                if (!value.isNumber()) {
                    throw bad("the data of " + endpoint.inputName() + " must be numbers");
                }
                image.put((float) value.asDouble(Double.NaN));
            }
            images.add(finite(image.rewind()));
        }
        return images;
    }

    private static FloatBuffer finite(FloatBuffer image) {
        for (int i = 0; i < image.limit(); i++) {
            if (!Float.isFinite(image.get(i))) {
                throw bad("the data must be finite numbers");
            }
        }
        return image;
    }

    /** Elements with their length before them. */
    private static List<ByteBuffer> elements(ByteBuffer bytes, int count) {
        ByteBuffer rest = bytes.order(ByteOrder.LITTLE_ENDIAN);
        List<ByteBuffer> elements = new ArrayList<>();
        while (rest.hasRemaining()) {
            int length = rest.remaining() < 4 ? -1 : rest.getInt();
            if (length < 0 || length > rest.remaining()) {
                throw bad("an element of the binary data is longer than the data");
            }
            elements.add(rest.slice(rest.position(), length));
            rest.position(rest.position() + length);
        }
        if (elements.size() != count) {
            throw bad("the shape needs " + count + " elements, got " + elements.size());
        }
        return elements;
    }

    /** Images in JSON, in Base64. */
    private static List<ByteBuffer> images(List<JsonNode> values, int count) {
        if (values.size() != count) {
            throw bad("the shape needs " + count + " elements, got " + values.size());
        }
        List<ByteBuffer> images = new ArrayList<>();
        for (JsonNode value : values) {
            try {
                images.add(ByteBuffer.wrap(
                        Base64.getDecoder().decode(value.asString("").getBytes(StandardCharsets.US_ASCII))));
            } catch (IllegalArgumentException e) {
                throw bad("the data of image must be Base64; binary_data_size avoids it");
            }
        }
        return images;
    }

    private static void flatten(JsonNode node, List<JsonNode> values) {
        if (node.isArray()) {
            node.forEach(child -> flatten(child, values));
        } else if (!node.isMissingNode()) {
            values.add(node);
        }
    }
}
