package io.github.resdensenet.cli;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.nn.Summary;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "summary",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Prints the layers, output shapes and parameter counts of a model.",
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet summary                                         default model",
            "  resdensenet summary --model densenet121 --num-classes 1000  another model"
        })
final class SummaryCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOptions model = new ModelOptions();

    @Option(names = "--num-classes", paramLabel = "N", description = "number of classes (default: 3)")
    private int numClasses = 3;

    @Option(names = "--tree", description = "print the module tree instead (default: table of layers)")
    private boolean tree;

    @Option(names = "--json", description = "print one JSON object on one line (default: text)")
    private boolean json;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (ImageClassifier network = Models.create(model.recipe().model(), numClasses, 0)) {
            if (tree) {
                out.println(network);
                return 0;
            }
            Summary summary = Summary.of(network, model.imageSize());
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
