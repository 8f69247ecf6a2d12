package io.github.resdensenet.cli;

import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.train.RunReport;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Writes report.html into the run folder: one page with figures, curves, errors and their limits.")
final class ReportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "run folder")
    private Path run = Path.of("");

    @Override
    public Integer call() throws Exception {
        Progress progress = new Progress(spec.commandLine().getErr());
        Path file = RunReport.write(Run.open(run), (done, total) -> progress.show("Evaluating", done, total, ""));
        progress.clear();
        spec.commandLine().getOut().println(file);
        return 0;
    }
}
