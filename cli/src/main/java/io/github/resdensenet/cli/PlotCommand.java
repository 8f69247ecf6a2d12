package io.github.resdensenet.cli;

import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.train.RunPlots;
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
        description = "Draws accuracy, loss and learning rate over epochs: curves.png and curves.svg in the run folder,"
                + " and what is drawn in curves.csv and curves.json.")
final class PlotCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "run folder")
    private Path run = Path.of("");

    @Override
    public Integer call() throws Exception {
        Run opened = Run.open(run);
        RunPlots.write(opened);
        for (String name : List.of("curves.png", "curves.svg", "curves.csv", "curves.json")) {
            spec.commandLine().getOut().println(opened.file(name));
        }
        return 0;
    }
}
