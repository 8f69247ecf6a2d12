package io.github.resdensenet.cli;

import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.checkpoint.Weights;
import io.github.resdensenet.train.Import;
import io.github.resdensenet.train.Recipe;
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
        description =
                "Makes a run folder out of a .pth, safetensors or Keras file, so that every other command takes it.")
final class ImportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "FILE",
            description = "weights: .pth of torch.save(model.state_dict(), FILE), safetensors, or .h5 of Keras")
    private Path file = Path.of("");

    @Option(names = "--classes", paramLabel = "a,b,c", required = true, description = "class names by index")
    private String classes = "";

    @Mixin
    private ModelOptions model = new ModelOptions();

    @Option(names = "--key", paramLabel = "PATH", description = "where the weights lie in the file, e.g. model or a.b")
    private String key = "";

    @Option(names = "--strip", paramLabel = "PREFIX", description = "prefix to take off the names, e.g. module.")
    private String strip = "";

    @Option(names = "--out", paramLabel = "RUN", required = true, description = "run folder to make")
    private Path out = Path.of("");

    @Override
    public Integer call() throws Exception {
        Recipe recipe = model.recipe().with("data.imageSize", Integer.toString(model.imageSize()));
        List<String> names = Arrays.asList(classes.split(",", -1));
        Run run = Import.run(Weights.read(file, key, strip), recipe, names, out);
        spec.commandLine().getOut().println("Done: " + run.folder());
        return 0;
    }
}
