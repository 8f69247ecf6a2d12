package io.github.resdensenet.cli;

import io.github.resdensenet.train.StoppedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.IVersionProvider;

/** The {@code resdensenet} command. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 and 143 stopped by a signal. */
@Command(
        name = "resdensenet",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Trains, judges and uses ResDenseNet image classifiers.",
        subcommands = {
            TrainCommand.class,
            EvaluateCommand.class,
            PredictCommand.class,
            ExplainCommand.class,
            ReportCommand.class,
            PlotCommand.class,
            ExportCommand.class,
            ImportCommand.class,
            AuditCommand.class,
            SummaryCommand.class,
            DiagramCommand.class,
            BenchCommand.class,
            CompareCommand.class,
            DoctorCommand.class
        },
        footer = {
            "",
            "First use:  resdensenet train            trains on the built-in pictures",
            "            resdensenet train --data DIR  trains on DIR/CLASS/picture.png"
        })
public final class Main {
    /** Runs the command and exits. */
    public static void main(String[] args) {
        Signals.install();
        int status = run(
                new PrintWriter(new java.io.OutputStreamWriter(System.out, StandardCharsets.UTF_8), true),
                new PrintWriter(new java.io.OutputStreamWriter(System.err, StandardCharsets.UTF_8), true),
                args);
        System.exit(status);
    }

    /** Runs the command with its own output. */
    static int run(PrintWriter out, PrintWriter err, String... args) {
        boolean plain = System.getenv("NO_COLOR") != null;
        CommandLine command = new CommandLine(new Main())
                .setOut(out)
                .setErr(err)
                .setColorScheme(CommandLine.Help.defaultColorScheme(plain ? Ansi.OFF : Ansi.AUTO))
                .setOverwrittenOptionsAllowed(true)
                .setExecutionStrategy(new CommandLine.RunLast())
                .setExecutionExceptionHandler((error, line, parsed) -> failed(error, line.getErr()))
                .setParameterExceptionHandler((error, unused) -> {
                    error.getCommandLine()
                            .getErr()
                            .println("resdensenet: " + error.getMessage() + " (see "
                                    + error.getCommandLine().getCommandSpec().qualifiedName() + " --help)");
                    return CommandLine.ExitCode.USAGE;
                });
        int status = args.length == 0 ? usage(command) : command.execute(args);
        out.flush();
        err.flush();
        return status;
    }

    private static int usage(CommandLine command) {
        command.usage(command.getErr());
        return CommandLine.ExitCode.USAGE;
    }

    /** One line that names the rule and the value or path; the whole trace only on request. */
    private static int failed(Exception error, PrintWriter err) {
        if (System.getenv("RESDENSENET_DEBUG") != null) {
            error.printStackTrace(err);
        }
        if (error instanceof StoppedException) {
            err.println("resdensenet: " + error.getMessage());
            return Signals.exitCode();
        }
        boolean usage = error instanceof IllegalArgumentException;
        err.println("resdensenet: " + message(error));
        return usage ? CommandLine.ExitCode.USAGE : CommandLine.ExitCode.SOFTWARE;
    }

    /** What went wrong, in one line. */
    static String message(Exception error) {
        if (error instanceof NoSuchFileException e && e.getReason() == null) {
            return e.getFile() + ": no such file or folder";
        }
        if (error instanceof AccessDeniedException e) {
            return e.getFile() + ": permission denied";
        }
        if (error instanceof FileSystemException
                || error instanceof IOException
                || error instanceof IllegalArgumentException
                || error instanceof ArithmeticException) {
            return String.valueOf(error.getMessage());
        }
        String said = String.valueOf(error.getMessage()).lines().findFirst().orElse(""); // libtorch adds its stack
        if (said.contains("can't allocate memory") || said.contains("out_of_memory")) {
            return "out of memory: "
                    + said.substring(said.lastIndexOf(": ") + 1).strip()
                    + "; a smaller data.batchSize or data.imageSize takes less";
        }
        return "unexpected " + error.getClass().getSimpleName() + ": " + said + " (RESDENSENET_DEBUG=1 shows where)";
    }

    /** The version from the jar's manifest. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"resdensenet " + (version == null ? "(development)" : version)};
        }
    }
}
