package io.github.resdensenet.cli;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.nn.Summary;
import io.github.resdensenet.train.Recipe;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "summary",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Prints a model's layers, shapes and parameters.")
final class SummaryCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--model",
            paramLabel = "M",
            description = "architecture: resdensenet (default), densenet121 or resnet50v2")
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

    @Option(names = "--tree", description = "print the module tree instead")
    private boolean tree;

    @Option(names = "--json", description = "print one JSON object on one line")
    private boolean json;

    /** Applies {@code --set model.key=value}. */
    static Recipe withSizes(Recipe recipe, List<String> set) {
        Recipe changed = recipe;
        for (String change : set) {
            int equals = change.indexOf('=');
            if (!change.startsWith("model.") || equals < 0) {
                throw new IllegalArgumentException("--set must be model.key=value, got " + change);
            }
            changed = changed.with(change.substring(0, equals), change.substring(equals + 1));
        }
        return changed;
    }

    @Override
    public Integer call() {
        Recipe recipe = withSizes(Recipe.defaults().with("model.name", model), set);
        PrintWriter out = spec.commandLine().getOut();
        try (ImageClassifier network = Models.create(recipe.model(), numClasses, 0)) {
            if (tree) {
                out.println(network);
                return 0;
            }
            Summary summary = Summary.of(network, imageSize);
            if (json) {
                Map<String, Object> fields = new LinkedHashMap<>();
                fields.put("params", summary.params());
                fields.put("buffers", summary.buffers());
                fields.put("trainable", summary.trainable());
                fields.put("macs", summary.macs());
                fields.put("rows", summary.rows());
                out.println(Json.line(fields));
            } else {
                out.print(summary);
            }
        }
        return 0;
    }
}
