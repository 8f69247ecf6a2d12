package io.github.resdensenet.cli;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.plot.Diagram;
import io.github.resdensenet.report.ModelDiagram;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "diagram",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Draws a model: the whole network, and one block with all its layers.",
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet diagram                draw resdensenet.svg",
            "  resdensenet diagram --out net.png  draw a PNG file"
        })
final class DiagramCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOptions model = new ModelOptions();

    @Option(names = "--num-classes", paramLabel = "N", description = "number of classes (default: 3)")
    private int numClasses = 3;

    @Option(
            names = "--out",
            paramLabel = "FILE.svg|FILE.png",
            description = "file to write; the extension selects the format (default: <model>.svg)")
    private @Nullable Path out;

    @Override
    public Integer call() throws IOException {
        ModelConfig config = model.recipe().model();
        Path file = out != null ? out : Path.of(config.name() + ".svg");
        String name = file.toString().toLowerCase(Locale.ROOT);
        if (!name.endsWith(".svg") && !name.endsWith(".png")) {
            throw new IllegalArgumentException("--out must be FILE.svg or FILE.png, got " + file);
        }
        try (ImageClassifier network = Models.create(config, numClasses, 0)) {
            Diagram diagram = ModelDiagram.of(network, model.imageSize());
            if (name.endsWith(".svg")) {
                AtomicFiles.write(file, diagram.svg());
            } else {
                AtomicFiles.write(file, diagram.png());
            }
        }
        spec.commandLine().getOut().println(Text.printable(file));
        return 0;
    }
}
