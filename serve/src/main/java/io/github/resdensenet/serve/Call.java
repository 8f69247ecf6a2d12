package io.github.resdensenet.serve;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.http.MultiPartConfig;
import org.eclipse.jetty.http.MultiPartFormData;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.Attributes;
import org.eclipse.jetty.util.BufferUtil;

/**
 * A request whose body has been read.
 *
 * @param variables the parts of the path that its route leaves open, by name
 * @param query parameters behind the question mark
 * @param body the complete content
 */
@SuppressWarnings("ArrayRecordComponent") // not compared
record Call(Map<String, String> variables, Map<String, String> query, HttpFields headers, byte[] body) {
    private static final int MAX_PARTS = 1_000;

    /**
     * An image of a request.
     *
     * @param name the client's name of the file; empty for a raw body
     */
    record Upload(Optional<String> name, ByteBuffer content) {}

    private String contentType() {
        return Optional.ofNullable(headers.get(HttpHeader.CONTENT_TYPE)).orElse("");
    }

    boolean isMultipart() {
        return contentType().toLowerCase(Locale.ROOT).startsWith("multipart/form-data");
    }

    /**
     * The images of the request: its files if it is a form, or its whole body.
     *
     * @throws HttpFailure 400 if there is none, or the form is damaged
     */
    List<Upload> uploads() {
        if (!isMultipart()) {
            if (body.length == 0) {
                throw new HttpFailure(400, "the request has no body; send the bytes of an image");
            }
            return List.of(new Upload(Optional.empty(), ByteBuffer.wrap(body)));
        }
        MultiPartConfig config = new MultiPartConfig.Builder()
                .location(Path.of("")) // never written to, because all parts stay in memory
                .maxParts(MAX_PARTS)
                .maxSize(body.length)
                .maxPartSize(body.length)
                .maxMemoryPartSize(body.length)
                .useFilesForPartsWithoutFileName(false)
                .build();
        List<Upload> uploads = new ArrayList<>();
        try (MultiPartFormData.Parts parts = MultiPartFormData.getParts(
                Content.Source.from(ByteBuffer.wrap(body)), new Attributes.Mapped(), contentType(), config)) {
            for (MultiPart.Part part : parts) {
                if (part.getFileName() != null) {
                    ByteBuffer content = Content.Source.asByteBuffer(part.getContentSource());
                    uploads.add(
                            new Upload(Optional.of(part.getFileName()), ByteBuffer.wrap(BufferUtil.toArray(content))));
                }
            }
        } catch (Exception e) {
            throw new HttpFailure(400, "the form is damaged or has more than " + MAX_PARTS + " parts");
        }
        if (uploads.isEmpty()) {
            throw new HttpFailure(400, "the form has no files");
        }
        return uploads;
    }

    Optional<String> parameter(String name) {
        return Optional.ofNullable(query.get(name));
    }

    boolean flag(String name) {
        String value = query.getOrDefault(name, "false");
        if (!value.equals("true") && !value.equals("false")) {
            throw new HttpFailure(400, name + " must be true or false");
        }
        return value.equals("true");
    }

    /** A numeric parameter. */
    Optional<Double> number(String name) {
        try {
            return parameter(name).map(Double::valueOf);
        } catch (NumberFormatException e) {
            throw new HttpFailure(400, name + " must be a number");
        }
    }
}
