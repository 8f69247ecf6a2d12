package io.github.resdensenet.cli;

import io.github.resdensenet.report.RunFiles;
import io.github.resdensenet.run.Run;
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
        description = "Writes report.html into the run folder: metrics, curves, errors and limits on one page.",
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet report runs/photos                       a run made with --out",
            "  resdensenet report runs/resdensenet-20260131-120000  a run made without --out"
        })
final class ReportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "run folder")
    private Path run = Path.of("");

    @Override
    public Integer call() throws Exception {
        Progress progress = new Progress(spec.commandLine().getErr());
        Path file = RunFiles.writeReport(Run.open(run), (done, total) -> progress.show("Evaluating", done, total, ""));
        progress.clear();
        spec.commandLine().getOut().println(file);
        return 0;
    }
}
