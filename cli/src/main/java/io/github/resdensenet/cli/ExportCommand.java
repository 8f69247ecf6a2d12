package io.github.resdensenet.cli;

import io.github.resdensenet.checkpoint.WeightFile;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.AtomicFiles;
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
        description = "Exports a run's best weights to a file that PyTorch reads.",
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet export runs/photos --format pth          write best.pth",
            "  resdensenet export runs/photos --format safetensors  write best.safetensors"
        })
final class ExportCommand implements Callable<Integer> {
    private enum Format {
        pth,
        safetensors
    }

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "RUN", description = "run folder")
    private Path run = Path.of("");

    @Option(names = "--format", paramLabel = "pth|safetensors", required = true, description = "file format (required)")
    private Format format = Format.pth;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "file to write (default: RUN/best.pth or RUN/best.safetensors)")
    private @Nullable Path out;

    @Override
    public Integer call() throws Exception {
        Run opened = Run.open(run);
        Checkpoint best = opened.readBest();
        Path file = out != null ? out : opened.file("best." + format);
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
