package io.github.resdensenet.cli;

import io.github.resdensenet.checkpoint.AtomicFiles;
import io.github.resdensenet.checkpoint.Checkpoint;
import io.github.resdensenet.checkpoint.PthWriter;
import io.github.resdensenet.checkpoint.Run;
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
        description = "Writes a run's best weights as a file that PyTorch reads.")
final class ExportCommand implements Callable<Integer> {
    private enum Format {
        pth,
        safetensors
    }

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "RUN", description = "run folder")
    private Path run = Path.of("");

    @Option(names = "--format", required = true, description = "${COMPLETION-CANDIDATES}")
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
                PthWriter.write(best.weights().tensors(), stream);
            } else {
                best.weights().write(stream);
            }
        });
        spec.commandLine()
                .getOut()
                .println(file + ": " + best.weights().tensors().size() + " tensors, classes in order: "
                        + String.join(", ", best.manifest().classes()));
        return 0;
    }
}
