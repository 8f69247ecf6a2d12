package io.github.resdensenet.cli;

import io.github.resdensenet.checkpoint.AtomicFiles;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.report.Diagram;
import io.github.resdensenet.train.ModelDiagram;
import io.github.resdensenet.train.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "diagram",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Draws a model: the whole network, and one block with every layer.")
final class DiagramCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--model", paramLabel = "M", description = "architecture: resdensenet (default)")
    private String model = "resdensenet";

    @Option(names = "--num-classes", paramLabel = "N", description = "number of logits (default: 3)")
    private int numClasses = 3;

    @Option(names = "--image-size", paramLabel = "N", description = "height and width in pixels (default: 224)")
    private int imageSize = 224;

    @Option(
            names = "--set",
            paramLabel = "model.key=value",
            description = "changes a size, for instance model.growthRate=12")
    private List<String> set = new ArrayList<>();

    @Option(
            names = "--out",
            paramLabel = "FILE.svg|FILE.png",
            description = "file to write; its name says which of the two (default: <model>.svg)")
    private @Nullable Path out;

    @Override
    public Integer call() throws IOException {
        Path file = out != null ? out : Path.of(model + ".svg");
        String name = file.toString().toLowerCase(Locale.ROOT);
        if (!name.endsWith(".svg") && !name.endsWith(".png")) {
            throw new IllegalArgumentException("--out must be FILE.svg or FILE.png, got " + file);
        }
        Recipe recipe = SummaryCommand.withSizes(Recipe.defaults().with("model.name", model), set);
        try (ImageClassifier network = Models.create(recipe.model(), numClasses, 0)) {
            Diagram diagram = ModelDiagram.of(network, imageSize);
            if (name.endsWith(".svg")) {
                AtomicFiles.write(file, diagram.svg());
            } else {
                byte[] png = diagram.png();
                AtomicFiles.write(file, stream -> stream.write(png));
            }
        }
        spec.commandLine().getOut().println(file);
        return 0;
    }
}
