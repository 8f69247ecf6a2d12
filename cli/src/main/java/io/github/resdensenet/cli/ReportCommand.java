package io.github.resdensenet.cli;

import io.github.resdensenet.report.RunFiles;
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

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "new location of the run's images (default: where the run was trained on them)")
    private @Nullable Path data;

    @Override
    public Integer call() throws Exception {
        Progress progress = new Progress(spec.commandLine().getErr());
        Path file = RunFiles.writeReport(
                Run.open(run), data, (done, total) -> progress.show("Evaluating", done, total, ""));
        progress.clear();
        spec.commandLine().getOut().println(Text.printable(file));
        return 0;
    }
}
