package io.github.resdensenet.cli;

import io.github.resdensenet.quantize.QuantizationReport;
import io.github.resdensenet.quantize.Quantizer;
import io.github.resdensenet.run.Run;
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
        name = "quantize",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {
            "Prepares a run for predict, evaluate and serve with --precision int8: 8-bit integers, the fastest number"
                    + " format. export --precision int8 does not need it.",
            "Measures the ranges of all values on training images, writes quantization.json into the run folder, and"
                    + " prints the accuracy before and after. Needs a processor with VNNI."
        },
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet quantize runs/photos                          prepare a run",
            "  resdensenet predict --precision int8 runs/photos cat.jpg  classify in 8 bits"
        })
final class QuantizeCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "RUN", description = "run folder")
    private Path run = Path.of("");

    @Option(
            names = "--images",
            paramLabel = "N",
            description = "number of training images on which ranges are measured (default: " + Quantizer.IMAGES + ")")
    private int images = Quantizer.IMAGES;

    @Option(
            names = "--max-drop",
            paramLabel = "P",
            description = "largest drop of the accuracy on the validation set, in percentage points; more and more"
                    + " layers are computed in bf16 (in fp32 if the processor has no bf16) until the drop is within this"
                    + " limit (default: " + Quantizer.MAX_DROP + ")")
    private double maxDrop = Quantizer.MAX_DROP;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "new location of the run's images (default: where the run was trained on them)")
    private @Nullable Path data;

    @Option(names = "--json", description = "print one JSON object on one line (default: text)")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        Progress progress = new Progress(spec.commandLine().getErr());
        QuantizationReport report = new Quantizer(
                        Run.open(run), (what, done, total) -> progress.show(what, done, total, ""))
                .quantize(images, maxDrop, data);
        progress.clear();
        if (json) {
            spec.commandLine().getOut().println(Json.line(report.json()));
        } else {
            report.lines().forEach(line -> spec.commandLine().getOut().println(Text.printable(line)));
        }
        return 0;
    }
}
