package io.github.resdensenet.cli;

import io.github.resdensenet.checkpoint.WeightFile;
import io.github.resdensenet.onnx.ModelInput;
import io.github.resdensenet.onnx.OnnxExport;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Run;
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
            "pth and safetensors are weights for PyTorch. onnx is the complete model for ONNX Runtime and other programs:"
                    + " preprocessing, network and calibrated probabilities. It is compared with predict on the run's"
                    + " validation images before it is written."
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
        onnx
    }

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "RUN", description = "run folder")
    private Path run = Path.of("");

    @Option(
            names = "--format",
            paramLabel = "pth|safetensors|onnx",
            required = true,
            description = "file format (required)")
    private Format format = Format.pth;

    @Option(
            names = "--input",
            paramLabel = "pixels|tensor",
            description = "input of the ONNX model. pixels: RGB images of any size, uint8 [batch, height, width, 3];"
                    + " tensor: resized and normalised images, float32 [batch, 3, S, S] (default: pixels)")
    private @Nullable String input;

    @Option(names = "--out", paramLabel = "FILE", description = "file to write (default: RUN/best.FORMAT)")
    private @Nullable Path out;

    @Override
    public Integer call() throws Exception {
        Run opened = Run.open(run);
        Path file = out != null ? out : opened.file("best." + format);
        if (format == Format.onnx) {
            ModelInput chosen = input == null ? ModelInput.PIXELS : Choices.parse(ModelInput.class, "--input", input);
            OnnxExport.Report report = OnnxExport.write(opened, chosen, file);
            spec.commandLine().getOut().println(file + ": ONNX model with " + chosen + " input. " + report);
            return 0;
        }
        if (input != null) {
            throw new IllegalArgumentException("--input is for --format onnx only");
        }
        Checkpoint best = opened.readBest();
        AtomicFiles.write(file, stream -> {
            if (format == Format.pth) {
                WeightFile.writePth(best.weights().tensors(), stream);
            } else {
                best.weights().write(stream);
            }
        });
        spec.commandLine()
                .getOut()
                .println(file + ": " + best.weights().tensors().size() + " tensors, classes in order: "
                        + Text.printable(String.join(", ", best.manifest().classes())));
        return 0;
    }
}
