package io.github.resdensenet.cli;

import io.github.resdensenet.report.RunFiles;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.Text;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "plot",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {
            "Draws the learning curves of a run: accuracy, loss and learning rate per epoch.",
            "Writes curves.png, curves.svg, curves.csv and curves.json into the run folder."
        },
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet plot runs/photos                       a run made with --out",
            "  resdensenet plot runs/resdensenet-20260131-120000  a run made without --out"
        })
final class PlotCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "run folder")
    private Path run = Path.of("");

    @Override
    public Integer call() throws Exception {
        Run opened = Run.open(run);
        RunFiles.writeCurves(opened);
        for (String name : List.of("curves.png", "curves.svg", "curves.csv", "curves.json")) {
            spec.commandLine().getOut().println(Text.printable(opened.file(name)));
        }
        return 0;
    }
}
