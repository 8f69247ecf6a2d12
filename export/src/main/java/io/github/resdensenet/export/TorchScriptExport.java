package io.github.resdensenet.export;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Decimal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.ExtraFilesMap;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Exports a run's best checkpoint to TorchScript, for {@code torch.jit.load} and DJL. PyTorch has deprecated TorchScript
 * since version 2.11; prefer {@link OnnxExport}.
 *
 * <p>The model takes resized and normalised images [N, 3, S, S] and returns logits [N, classes]. Its state dict has the
 * names of the run's weights. The file contains a manifest.json with classes, preprocessing and temperature.
 */
public final class TorchScriptExport {
    private TorchScriptExport() {}

    /**
     * Writes the TorchScript file of a run, atomically.
     *
     * @return the result of the check, in one sentence
     * @throws IOException if the run has no best checkpoint, the file cannot be written, or its logits differ from those
     *     of {@link Classifier}
     */
    public static String write(Run run, Path file) throws IOException {
        String[] checked = {""};
        Checkpoint best = run.readModel();
        try (Classifier classifier = Classifier.of(best, run.best())) {
            String manifest = ModelMetadata.of(classifier, best.manifest(), new OnnxOptions(ModelInput.TENSOR))
                    .getOrDefault(ModelMetadata.MANIFEST, "");
            Path folder = Files.createTempDirectory("torchscript");
            try {
                Path saved = folder.resolve("model.pt"); // the file's name becomes part of its content
                save(classifier, manifest, saved);
                AtomicFiles.write(
                        file,
                        out -> Files.copy(saved, out),
                        written -> checked[0] = check(file, written, classifier, CheckImages.of(run, best, null)));
            } finally {
                AtomicFiles.deleteTree(folder);
            }
        }
        return checked[0];
    }

    private static void save(Classifier classifier, String manifest, Path file) {
        ImageClassifier model = classifier.model();
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            JitModule root = module(model.typeName());
            Map<String, JitModule> modules = new LinkedHashMap<>();
            modules.put("", root);
            Map<String, Tensor> parameters = model.namedParameters();
            model.stateDict().forEach((name, tensor) -> {
                JitModule owner = owner(modules, name);
                String last = name.substring(name.lastIndexOf('.') + 1);
                owner.register_parameter(last, tensor.detach(), !parameters.containsKey(name));
            });
            connect(modules);
            root.define(
                    TorchScriptCode.forward(model, classifier.preprocessing().imageSize()));
            root.eval();
            ExtraFilesMap extra = new ExtraFilesMap();
            extra.put(new BytePointer("manifest.json"), new BytePointer(manifest, StandardCharsets.UTF_8));
            root.save(file.toString(), extra);
        }
    }

    private static JitModule module(String name) {
        return new JitModule(new QualifiedName("__torch__.resdensenet." + name));
    }

    /** The module of a tensor by its dotted name, created with its parents if it is new. */
    private static JitModule owner(Map<String, JitModule> modules, String tensor) {
        int dot = -1;
        @Nullable JitModule owner = null;
        while ((dot = tensor.indexOf('.', dot + 1)) >= 0) {
            String path = tensor.substring(0, dot);
            owner = modules.computeIfAbsent(path, p -> module("Module_" + p.replace('.', '_')));
        }
        return owner == null ? Objects.requireNonNull(modules.get("")) : owner;
    }

    /** Registers every module with its parent, the deepest first, because registering fixes a module's type. */
    private static void connect(Map<String, JitModule> modules) {
        modules.keySet().stream()
                .filter(path -> !path.isEmpty())
                .sorted((a, b) -> Long.compare(depth(b), depth(a)))
                .forEach(path -> {
                    int dot = path.lastIndexOf('.');
                    JitModule parent = modules.get(dot < 0 ? "" : path.substring(0, dot));
                    JitModule child = modules.get(path);
                    if (parent != null && child != null) {
                        parent.register_module(path.substring(dot + 1), child);
                    }
                });
    }

    private static long depth(String path) {
        return path.chars().filter(c -> c == '.').count();
    }

    /** Loads the written file, which will become {@code file}, and compares its logits with the classifier's. */
    private static String check(Path file, Path written, Classifier classifier, CheckImages images) throws IOException {
        double[] worst = {0};
        int[] n = {0};
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            JitModule loaded = torch.load(written.toString());
            images.forEachBatch(ModelInput.TENSOR, batch -> {
                List<Prediction> expected = classifier.classify(batch);
                float[] logits = logits(loaded, batch, classifier);
                int classes = classifier.classes().size();
                for (int i = 0; i < batch.size(); i++) {
                    float[] row = Arrays.copyOfRange(logits, i * classes, (i + 1) * classes);
                    worst[0] = Math.max(worst[0], OnnxCheck.logitDifference(expected.get(i), 1, row));
                }
                n[0] += batch.size();
            });
        }
        if (worst[0] > OnnxCheck.MAX_LOGITS) {
            throw new IOException(file + ": not written, because its logits differ from the classifier's by "
                    + Decimal.scientific(worst[0]) + " (relative)");
        }
        return "Checked with libtorch on " + n[0] + " images; largest difference of the logits: "
                + Decimal.scientific(worst[0]) + " (relative).";
    }

    private static float[] logits(JitModule module, List<RgbImage> images, Classifier classifier) {
        try (PointerScope scope = new PointerScope();
                Batch batch = classifier.preprocess(images)) {
            Tensor logits = module.forward(new IValueVector(new IValue(batch.images())))
                    .toTensor()
                    .contiguous();
            float[] values = new float[Math.toIntExact(logits.numel())];
            new FloatPointer(logits.data_ptr()).get(values);
            return values;
        }
    }
}
