package io.github.resdensenet.export;

import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.transforms.Preprocessing.ResizeMode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;

/**
 * The metadata of an exported model: the keys that Ultralytics writes, ONNX's own keys for images, and a JSON object with
 * everything that using the model needs.
 */
final class ModelMetadata {
    /** Key of the JSON object with classes, preprocessing and temperature. */
    static final String MANIFEST = "resdensenet.manifest";

    private ModelMetadata() {}

    static Map<String, String> of(Classifier classifier, Manifest manifest, OnnxOptions options) {
        int size = classifier.preprocessing().imageSize();
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("description", manifest.model().title() + " image classifier");
        metadata.put("task", "classify");
        metadata.put("imgsz", "[" + size + ", " + size + "]");
        metadata.put("channels", "3");
        metadata.put("names", pythonDict(classifier.classes()));
        if (options.input() == ModelInput.PIXELS) {
            metadata.put("Image.BitmapPixelFormat", "Rgb8");
            metadata.put("Image.ColorSpaceGamma", "SRGB");
            metadata.put("Image.NominalPixelRange", "NominalRange_0_255");
        }
        metadata.put(MANIFEST, manifest(classifier, manifest, options));
        return metadata;
    }

    /** The class names as Ultralytics writes them: a Python dict of index to name. */
    private static String pythonDict(List<String> classes) {
        return IntStream.range(0, classes.size())
                .mapToObj(i -> i + ": '"
                        + classes.get(i)
                                .replace("\\", "\\\\")
                                .replace("'", "\\'")
                                .replace("\n", "\\n") + "'")
                .collect(Collectors.joining(", ", "{", "}"));
    }

    private static String manifest(Classifier classifier, Manifest manifest, OnnxOptions options) {
        Preprocessing preprocessing = classifier.preprocessing();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("model", manifest.model().name().toString());
        fields.put("classes", classifier.classes());
        fields.put("input", options.input().toString());
        fields.put("precision", options.precision().toString());
        fields.put("imageSize", preprocessing.imageSize());
        fields.put("resizeMode", preprocessing.resize().toString());
        fields.put("resize", resizing(preprocessing.resize()));
        fields.put("mean", preprocessing.normalize().mean());
        fields.put("std", preprocessing.normalize().std());
        fields.put("exifOrientation", preprocessing.upright() ? "apply" : "ignore");
        fields.put("temperature", classifier.temperature().value());
        fields.put("epoch", manifest.progress().bestEpoch());
        fields.put("checkpointSha256", manifest.sha256());
        fields.put("weightsSha256", manifest.files().getOrDefault("weights.safetensors", ""));
        return JsonMapper.shared().writeValueAsString(fields);
    }

    private static String resizing(ResizeMode mode) {
        String method = "bilinear with antialias, as Pillow: ";
        return switch (mode) {
            case STRETCH -> "bilinear with antialias, without keeping the aspect ratio, as Pillow";
            case CROP ->
                method + "the short side becomes imageSize, the long side is rounded down, and the centre square"
                        + " is kept; of images longer than 16:1, only the middle 16:1 is resized";
            case PAD ->
                method + "the long side becomes imageSize, the short side is rounded down, and is padded with black"
                        + " on both sides";
        };
    }
}
