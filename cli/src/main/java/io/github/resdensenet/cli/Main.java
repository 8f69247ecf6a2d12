package io.github.resdensenet.cli;

import io.github.resdensenet.distributed.LostProcessException;
import io.github.resdensenet.engine.NativeLibraries;
import io.github.resdensenet.util.ErrorText;
import io.github.resdensenet.util.LinesException;
import io.github.resdensenet.util.Text;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.TypeConversionException;

/** The {@code resdensenet} command. Exit codes: 0 success, 1 failure, 2 invalid usage, 130 SIGINT, 143 SIGTERM. */
@Command(
        name = "resdensenet",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Trains, evaluates and runs image classifiers: ResDenseNet, DenseNet121 and ResNet50V2.",
        subcommands = {
            TrainCommand.class,
            EvaluateCommand.class,
            PredictCommand.class,
            ExplainCommand.class,
            ReportCommand.class,
            PlotCommand.class,
            ExportCommand.class,
            QuantizeCommand.class,
            ServeCommand.class,
            ImportCommand.class,
            AuditCommand.class,
            SummaryCommand.class,
            DiagramCommand.class,
            BenchCommand.class,
            CompareCommand.class,
            CrossvalCommand.class,
            DoctorCommand.class
        },
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet train                train on the built-in images",
            "  resdensenet train --data photos  train on photos/CLASS/IMAGE.jpg",
            "",
            "With Apache Spark: resdensenet spark-train --help, resdensenet spark-score --help"
        })
public final class Main {
    /** Heading of the examples at the end of each help text. */
    public static final String EXAMPLES = "%nExamples:%n";

    /** Commands whose time to the first result matters. */
    private static final Set<String> QUICK = Set.of("predict", "evaluate", "explain", "serve");

    /** Runs the command and exits. */
    public static void main(String[] args) {
        Signals.install();
        if (args.length > 1 && QUICK.contains(args[0])) {
            NativeLibraries.loadInBackground(); // before the command line is parsed, which takes as long
        }
        exit(new CommandLine(new Main()), args);
    }

    /** Runs a command on standard output and error, and exits. */
    public static void exit(CommandLine command, String[] args) {
        Locale.setDefault(Locale.ROOT); // numbers with a point, in results and in messages
        System.exit(run(command, utf8(FileDescriptor.out), utf8(FileDescriptor.err), args));
    }

    /** A writer in UTF-8, whatever the locale. Unlike System.out, it notices a full disk. */
    private static PrintWriter utf8(FileDescriptor stream) {
        return new PrintWriter(new OutputStreamWriter(new StandardStream(stream), StandardCharsets.UTF_8), true);
    }

    /** Standard output or error. */
    private static final class StandardStream extends FileOutputStream {
        private static final int FILE_TYPE = 0170000;
        private static final int PIPE = 0010000;
        private static final int SOCKET = 0140000;

        private final Path device;

        StandardStream(FileDescriptor descriptor) {
            super(descriptor);
            device = Path.of(descriptor == FileDescriptor.out ? "/dev/stdout" : "/dev/stderr");
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            try {
                super.write(bytes, from, length);
            } catch (IOException e) {
                if (!isPipe()) { // the reader of a pipe has ended, for example head
                    throw e;
                }
            }
        }

        private boolean isPipe() {
            try {
                int mode = (int) Files.getAttribute(device, "unix:mode");
                return (mode & FILE_TYPE) == PIPE || (mode & FILE_TYPE) == SOCKET;
            } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
                return System.getProperty("os.name", "").startsWith("Windows"); // it has no such attribute
            }
        }
    }

    /** Runs the command, with results on {@code out} and progress and errors on {@code err}. */
    static int run(PrintWriter out, PrintWriter err, String... args) {
        return run(new CommandLine(new Main()), out, err, args);
    }

    /** Runs a command whose errors are printed on one line, with the exit codes of this class. */
    public static int run(CommandLine command, PrintWriter out, PrintWriter err, String... args) {
        boolean plain = System.getenv("NO_COLOR") != null;
        command.setOut(out)
                .setErr(err)
                .setColorScheme(CommandLine.Help.defaultColorScheme(plain ? Ansi.OFF : Ansi.AUTO))
                .setOverwrittenOptionsAllowed(true)
                .setExpandAtFiles(false) // a name may start with @
                .registerConverter(Path.class, Main::path)
                .setExecutionStrategy(new CommandLine.RunLast())
                .setExecutionExceptionHandler((error, line, parsed) -> failed(error, line.getErr()))
                .setParameterExceptionHandler((error, unused) -> {
                    error.getCommandLine()
                            .getErr()
                            .println("resdensenet: " + Text.printable(String.valueOf(error.getMessage())) + " (see "
                                    + error.getCommandLine().getCommandSpec().qualifiedName() + " --help)");
                    return CommandLine.ExitCode.USAGE;
                });
        int status;
        try {
            status = args.length == 0 ? usage(command) : command.execute(args);
        } catch (OutOfMemoryError | LinkageError e) {
            status = failed(e, err);
        }
        boolean written = !out.checkError();
        if (!written) {
            err.println("resdensenet: the output could not be written");
        }
        err.flush();
        return written || status != 0 ? status : CommandLine.ExitCode.SOFTWARE;
    }

    private static Path path(String text) {
        if (text.isEmpty()) { // for example an unset variable; it would be the current folder
            throw new TypeConversionException("the path is empty");
        }
        return Path.of(text);
    }

    /** Reports a lack of memory or of a system library. */
    private static int failed(Error error, PrintWriter err) {
        if (System.getenv("RESDENSENET_DEBUG") != null) {
            error.printStackTrace(err);
        }
        String reason =
                ErrorText.of(error) + (error instanceof OutOfMemoryError ? " with RESDENSENET_JAVA_OPTS=-Xmx" : "");
        err.println("resdensenet: " + Text.printable(reason));
        return CommandLine.ExitCode.SOFTWARE;
    }

    private static int usage(CommandLine command) {
        command.usage(command.getErr());
        return CommandLine.ExitCode.USAGE;
    }

    /** Prints the error on one line, after the stack trace if RESDENSENET_DEBUG is set. */
    private static int failed(Exception error, PrintWriter err) {
        if (System.getenv("RESDENSENET_DEBUG") != null) {
            error.printStackTrace(err);
        }
        if (error instanceof CancellationException) {
            err.println("resdensenet: " + Text.printable(String.valueOf(error.getMessage())));
            return Signals.exitCode();
        }
        if (error instanceof LostProcessException) {
            err.println("resdensenet: " + Text.printable(String.valueOf(error.getMessage())));
            return Launcher.isChild() ? Launcher.LOST : CommandLine.ExitCode.SOFTWARE;
        }
        boolean usage = error instanceof IllegalArgumentException;
        Throwable cause = error instanceof UncheckedIOException ? error.getCause() : error;
        List<String> lines = cause instanceof LinesException list ? list.lines() : List.of(message(error));
        err.println("resdensenet: "
                + lines.stream().map(Text::printable).collect(Collectors.joining(System.lineSeparator())));
        return usage ? CommandLine.ExitCode.USAGE : CommandLine.ExitCode.SOFTWARE;
    }

    /** The error in words, with a hint if it is unexpected. */
    static String message(Exception error) {
        String text = ErrorText.of(error);
        return text.startsWith(ErrorText.UNEXPECTED) ? text + " (set RESDENSENET_DEBUG=1 for the stack trace)" : text;
    }

    /** Reads the version from the jar's manifest. */
    public static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"resdensenet " + (version == null ? "(development)" : version)};
        }
    }
}
