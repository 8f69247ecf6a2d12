package io.github.resdensenet.cli;

import io.github.resdensenet.serve.ImageServer;
import io.github.resdensenet.serve.ServeOptions;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {
            "Starts an HTTP service with a web page that classifies images.",
            "Predictions are identical to those of predict. On Ctrl-C or SIGTERM, the service finishes pending requests"
                    + " and stops. On SIGHUP, it loads new checkpoints."
        },
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet serve runs/photos                    then open 127.0.0.1:8080",
            "  curl -T cat.jpg http://127.0.0.1:8080/classify   classify an image"
        })
final class ServeCommand implements Callable<Integer> {
    private static final String TLS_PASSWORD = "RESDENSENET_TLS_PASSWORD";
    private static final long MAX_TOKEN_BYTES = 4096;

    @Spec
    private CommandSpec spec;

    @Parameters(
            arity = "1..*",
            paramLabel = "RUN",
            description = "run folders; each becomes a model with the name of its folder")
    private List<Path> runs = new ArrayList<>();

    @Option(names = "--port", paramLabel = "N", description = "port; 0 for any free port (default: 8080)")
    private int port = 8080;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            description =
                    "address to listen on. Any address other than loopback needs --token-file (default: 127.0.0.1)")
    private String host = "127.0.0.1";

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "file with the token that clients must send as Authorization: Bearer TOKEN (default: none)")
    private @Nullable Path tokenFile;

    @Option(
            names = "--tls",
            paramLabel = "FILE",
            description = "PKCS #12 file with key and certificate for HTTPS; its password is read from the environment"
                    + " variable " + TLS_PASSWORD + " (default: plain HTTP)")
    private @Nullable Path tls;

    @Option(
            names = "--queue",
            paramLabel = "N",
            description = "largest number of images waiting or in progress; further requests get status 429 (default: "
                    + ServeOptions.QUEUE + ")")
    private int queue = ServeOptions.QUEUE;

    @Option(
            names = "--timeout-ms",
            paramLabel = "N",
            description =
                    "longest time for an image in milliseconds, waiting included; after that, the response has status 504 (default: "
                            + ServeOptions.TIMEOUT_MILLIS + ")")
    private int timeoutMillis = ServeOptions.TIMEOUT_MILLIS;

    @Option(
            names = "--max-pixels",
            paramLabel = "N",
            description = "largest width times height of an image (default: " + ServeOptions.MAX_PIXELS + ")")
    private long maxPixels = ServeOptions.MAX_PIXELS;

    @Option(
            names = "--watch",
            description = "load new checkpoints of the runs as they appear (default: on SIGHUP only)")
    private boolean watch;

    @Mixin
    private PrecisionOption precision = new PrecisionOption();

    @Override
    public Integer call() throws Exception {
        ServeOptions options = new ServeOptions(
                        host,
                        port,
                        Optional.ofNullable(tokenFile == null ? null : token(tokenFile)),
                        Optional.ofNullable(tls),
                        Optional.ofNullable(System.getenv(TLS_PASSWORD)).orElse(""),
                        queue,
                        Duration.ofMillis(timeoutMillis),
                        maxPixels,
                        watch)
                .withPrecision(precision.value());
        PrintWriter err = spec.commandLine().getErr();
        try (ImageServer server =
                ImageServer.start(runs, options, line -> err.println("resdensenet: " + Text.printable(line)))) {
            Signals.onNext(() -> new Thread(server::close, "stop").start());
            Signals.onHangUp(server::reload);
            spec.commandLine()
                    .getOut()
                    .println("Serving " + Text.printable(String.join(", ", server.models())) + " at " + server.address()
                            + " (Ctrl-C stops)");
            server.join();
        }
        throw new CancellationException("stopped");
    }

    private static String token(Path file) throws IOException {
        return Text.read(file, MAX_TOKEN_BYTES).strip();
    }
}
