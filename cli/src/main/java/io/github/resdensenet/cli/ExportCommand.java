package io.github.resdensenet.cli;

import io.github.resdensenet.checkpoint.WeightFile;
import io.github.resdensenet.export.Bundle;
import io.github.resdensenet.export.ModelInput;
import io.github.resdensenet.export.ModelPrecision;
import io.github.resdensenet.export.OnnxExport;
import io.github.resdensenet.export.OnnxOptions;
import io.github.resdensenet.export.TorchScriptExport;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.run.Weights;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Choices;
import io.github.resdensenet.util.Text;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {
            "Exports a run's best checkpoint.",
            "  pth, safetensors  weights for PyTorch",
            "  onnx              the complete model for ONNX Runtime: preprocessing, network,",
            "                    calibrated probabilities",
            "  triton            folder for NVIDIA Triton with an ONNX model",
            "  hf                folder for transformers.js and Optimum with an ONNX model",
            "  torchscript       network for torch.jit.load and DJL; deprecated by PyTorch",
            "Before an ONNX model is written, ONNX Runtime must agree with predict on the run's validation images, or"
                    + " on generated images if the run has none. With --precision int8, up to 10%% of the predicted classes may"
                    + " differ."
        },
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet export runs/photos --format pth   write best.pth",
            "  resdensenet export runs/photos --format onnx  write best.onnx"
        })
final class ExportCommand implements Callable<Integer> {
    private enum Format {
        pth,
        safetensors,
        onnx,
        triton,
        hf,
        torchscript
    }

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "RUN", description = "run folder")
    private Path run = Path.of("");

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            required = true,
            description = "pth, safetensors, onnx, triton, hf or torchscript (required)")
    private Format format = Format.pth;

    @Option(
            names = "--input",
            paramLabel = "pixels|tensor",
            description =
                    "input of the ONNX model (formats onnx, triton and hf). pixels: RGB images of any size, uint8 [batch, height, width, 3];"
                            + " tensor: resized and normalised images, float32 [batch, 3, S, S] (default: pixels; for hf: tensor)")
    private @Nullable String input;

    @Option(
            names = "--precision",
            paramLabel = "fp32|int8",
            description =
                    "number format of the ONNX model (formats onnx, triton and hf). int8: faster, about a quarter of the size; probabilities differ"
                            + " slightly; value ranges are measured on the run's training images (default: fp32)")
    private @Nullable String precision;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description =
                    "new location of the run's images, for an ONNX model (default: where the run was trained on them)")
    private @Nullable Path data;

    @Option(
            names = "--out",
            paramLabel = "PATH",
            description = "file to write, or folder to create (default: RUN/best.FORMAT, RUN/triton or RUN/hf)")
    private @Nullable Path out;

    @Override
    public Integer call() throws Exception {
        Run opened = Run.open(run);
        boolean folder = format == Format.triton || format == Format.hf;
        Path file = out != null ? out : opened.file(folder ? format.name() : "best." + format);
        if (folder || format == Format.onnx) {
            ModelInput chosen = input != null
                    ? Choices.parse(ModelInput.class, "--input", input)
                    : format == Format.hf ? ModelInput.TENSOR : ModelInput.PIXELS;
            ModelPrecision numbers = precision == null
                    ? ModelPrecision.FP32
                    : Choices.parse(ModelPrecision.class, "--precision", precision);
            OnnxOptions options = new OnnxOptions(chosen, numbers, data);
            OnnxExport.Report report = switch (format) {
                case triton -> Bundle.TRITON.write(opened, options, file);
                case hf -> Bundle.HF.write(opened, options, file);
                default -> OnnxExport.write(opened, options, file);
            };
            spec.commandLine()
                    .getOut()
                    .println(Text.printable(file) + ": ONNX model with " + chosen + " input, " + numbers + ". "
                            + report);
            return 0;
        }
        if (input != null || precision != null || data != null) {
            throw new IllegalArgumentException(
                    "--input, --precision and --data are for --format onnx, triton and hf only");
        }
        if (format == Format.torchscript) {
            spec.commandLine()
                    .getOut()
                    .println(Text.printable(file) + ": TorchScript model. " + TorchScriptExport.write(opened, file));
            return 0;
        }
        Checkpoint best = opened.readModel();
        AtomicFiles.write(file, stream -> {
            if (format == Format.pth) {
                WeightFile.writePth(best.weights().tensors(), stream);
            } else {
                Weights.forExport(best).write(stream);
            }
        });
        spec.commandLine()
                .getOut()
                .println(Text.printable(file) + ": "
                        + best.weights().tensors().size() + " tensors, classes in order: "
                        + Text.printable(String.join(", ", best.manifest().classes())));
        return 0;
    }
}
