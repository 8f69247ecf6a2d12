package io.github.resdensenet.export;

import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.transforms.Preprocessing.ResizeMode;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Choices;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** A folder with an ONNX model and the files that another program needs to load it. */
public enum Bundle {
    /**
     * A model repository entry for NVIDIA Triton: config.pbtxt, labels.txt and 1/model.onnx. Triton joins waiting
     * requests with images of the same size into batches.
     */
    TRITON {
        @Override
        OnnxExport.Report write(Run run, Checkpoint best, OnnxOptions options, Path folder, String name)
                throws IOException {
            Manifest manifest = best.manifest();
            Path version = Files.createDirectory(folder.resolve("1"));
            AtomicFiles.write(
                    folder.resolve("labels.txt"),
                    manifest.classes().stream().map(Text::printable).collect(Collectors.joining("\n", "", "\n")));
            AtomicFiles.write(folder.resolve("config.pbtxt"), tritonConfig(manifest, options.input(), name));
            return OnnxExport.write(run, best, options, false, version.resolve("model.onnx"));
        }
    },

    /**
     * A model folder as on the Hugging Face Hub: config.json, preprocessor_config.json and onnx/model.onnx
     * (model_quantized.onnx for 8 bits), for transformers.js and Optimum. The input is always {@link ModelInput#TENSOR}.
     * The logits are divided by the temperature, because these programs compute the softmax themselves. Runs with the
     * resize mode {@link ResizeMode#PAD} are rejected, because preprocessor_config.json cannot describe it.
     */
    HF {
        @Override
        OnnxExport.Report write(Run run, Checkpoint best, OnnxOptions options, Path folder, String name)
                throws IOException {
            if (options.input() != ModelInput.TENSOR) {
                throw new IllegalArgumentException("--input must be tensor for --format hf, got " + options.input());
            }
            Manifest manifest = best.manifest();
            if (manifest.preprocessing().resize() == ResizeMode.PAD) {
                throw new IllegalArgumentException(
                        "data.resize must be stretch or crop for --format hf, but the run has"
                                + " pad; use --format onnx");
            }
            Path models = Files.createDirectory(folder.resolve("onnx"));
            AtomicFiles.write(folder.resolve("config.json"), JSON.writeValueAsString(config(manifest)) + "\n");
            AtomicFiles.write(
                    folder.resolve("preprocessor_config.json"), JSON.writeValueAsString(preprocessor(manifest)) + "\n");
            boolean quantized = options.precision() == ModelPrecision.INT8;
            return OnnxExport.write(
                    run, best, options, true, models.resolve(quantized ? "model_quantized.onnx" : "model.onnx"));
        }
    };

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private static final int MAX_BATCH = 32;
    private static final int BILINEAR = 2;

    abstract OnnxExport.Report write(Run run, Checkpoint best, OnnxOptions options, Path folder, String name)
            throws IOException;

    /**
     * Writes the folder, completely or not at all.
     *
     * @param folder the folder to create; its name is the name of the model
     * @throws FileAlreadyExistsException if the folder exists
     * @throws IOException if the run has no best checkpoint, the folder cannot be written, or the check of the model fails
     */
    public OnnxExport.Report write(Run run, OnnxOptions options, Path folder) throws IOException {
        if (Files.exists(folder)) {
            throw new FileAlreadyExistsException(folder.toString(), null, "already exists; choose another --out");
        }
        AtomicFiles.requireParent(folder);
        Checkpoint best = run.readModel();
        OnnxExport.Report[] report = new OnnxExport.Report[1];
        AtomicFiles.createFolder(folder, temporary -> {
            Files.createDirectory(temporary);
            report[0] = write(run, best, options, temporary, String.valueOf(folder.getFileName()));
        });
        return report[0];
    }

    private static String tritonConfig(Manifest manifest, ModelInput input, String name) {
        int size = manifest.preprocessing().imageSize();
        boolean pixels = input == ModelInput.PIXELS;
        int classes = manifest.classes().size();
        return """
                name: %s
                backend: "onnxruntime"
                max_batch_size: %s
                input [
                  {
                    name: "%s"
                    data_type: %s
                    dims: [ %s ]
                  }
                ]
                output [
                  {
                    name: "probabilities"
                    data_type: TYPE_FP32
                    dims: [ %s ]
                    label_filename: "labels.txt"
                  },
                  {
                    name: "logits"
                    data_type: TYPE_FP32
                    dims: [ %s ]
                  }
                ]
                dynamic_batching { }
                """.formatted(
                        JSON.writeValueAsString(name),
                        MAX_BATCH,
                        OnnxModel.inputName(input),
                        pixels ? "TYPE_UINT8" : "TYPE_FP32",
                        pixels ? "-1, -1, 3" : "3, " + size + ", " + size,
                        classes,
                        classes);
    }

    /** The type is one that both programs know and that takes {@code pixel_values} and gives {@code logits}. */
    private static Map<String, Object> config(Manifest manifest) {
        Map<String, String> idToLabel = new LinkedHashMap<>();
        Map<String, Integer> labelToId = new LinkedHashMap<>();
        List<String> classes = manifest.classes();
        for (int i = 0; i < classes.size(); i++) {
            idToLabel.put(Integer.toString(i), classes.get(i));
            labelToId.put(classes.get(i), i);
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("architectures", List.of("ResNetForImageClassification"));
        fields.put("model_type", "resnet");
        fields.put("num_channels", 3);
        fields.put("id2label", idToLabel);
        fields.put("label2id", labelToId);
        fields.put("resdensenet_model", Choices.label(manifest.model().name()));
        return fields;
    }

    private static Map<String, Object> preprocessor(Manifest manifest) {
        Preprocessing preprocessing = manifest.preprocessing();
        boolean crop = preprocessing.resize() == ResizeMode.CROP;
        Map<String, Integer> square = new LinkedHashMap<>();
        square.put("height", preprocessing.imageSize());
        square.put("width", preprocessing.imageSize());
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("image_processor_type", crop ? "CLIPImageProcessor" : "ViTImageProcessor");
        fields.put("do_resize", true);
        fields.put("size", crop ? Map.of("shortest_edge", preprocessing.imageSize()) : square);
        if (crop) {
            fields.put("do_center_crop", true);
            fields.put("crop_size", square);
        }
        fields.put("resample", BILINEAR);
        fields.put("do_rescale", true);
        fields.put("rescale_factor", 1 / 255.0);
        fields.put("do_normalize", true);
        fields.put("image_mean", preprocessing.normalize().mean());
        fields.put("image_std", preprocessing.normalize().std());
        return fields;
    }
}
