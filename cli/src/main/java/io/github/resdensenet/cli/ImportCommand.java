package io.github.resdensenet.cli;

import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.run.Weights;
import io.github.resdensenet.util.Text;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "import",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {
            "Creates a run folder from a .pth, safetensors or Keras file.",
            "Use the run folder with predict, explain, serve, export, evaluate --data DIR or train --init RUN."
        },
        customSynopsis = "resdensenet import FILE --classes a,b,c --out RUN [OPTIONS]",
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet import w.pth --classes a,b --out runs/p                    PyTorch",
            "  resdensenet import w.h5 --model resnet50v2 --classes a,b --out runs/k  Keras"
        })
final class ImportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "FILE",
            description = "weight file: .pth from torch.save(model.state_dict(), FILE), safetensors, or .h5 from Keras")
    private Path file = Path.of("");

    @Option(
            names = "--classes",
            paramLabel = "a,b,c",
            required = true,
            description = "class names in the order of the model's outputs (required)")
    private String classes = "";

    @Mixin
    private ModelOptions model = new ModelOptions();

    @Option(
            names = "--key",
            paramLabel = "PATH",
            description =
                    "key of the weights in a .pth file, with dots between levels, e.g. state_dict (default: the top"
                            + " level)")
    private String key = "";

    @Option(
            names = "--strip",
            paramLabel = "PREFIX",
            description =
                    "prefix to remove from the tensor names of a .pth file, e.g. 'module.', with the dot (default: none)")
    private String strip = "";

    @Option(names = "--out", paramLabel = "RUN", required = true, description = "run folder to create (required)")
    private Path out = Path.of("");

    @Override
    public Integer call() throws Exception {
        Recipe recipe = model.recipe().with("data.imageSize", Integer.toString(model.imageSize()));
        List<String> names = Arrays.asList(classes.split(",", -1));
        Run run = Weights.read(file, key, strip).createRun(recipe, names, out);
        spec.commandLine().getOut().println("Done: " + Text.printable(run.folder()));
        return 0;
    }
}
