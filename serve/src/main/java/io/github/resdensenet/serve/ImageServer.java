package io.github.resdensenet.serve;

import io.github.resdensenet.eval.DriftReference;
import io.github.resdensenet.util.Parallel;
import java.io.IOException;
import java.net.BindException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * An HTTP service that classifies images with the best checkpoints of one or more runs. Its answers are those of {@code
 * predict}, bit for bit, however many requests come at once.
 */
public final class ImageServer implements AutoCloseable {
    private static final int THREADS = 16;
    private static final int MAX_CONNECTIONS = 2_048;
    private static final int IDLE_SECONDS = 15;
    private static final int WATCH_SECONDS = 2;

    /** Time in which load balancers see that the service is not ready, before it refuses connections. */
    private static final long NOT_READY_MILLIS = 1_000;

    private static final long DRAIN_MILLIS = 5_000;
    private static final long QUIET_MILLIS = 500;

    /** Time to write that the service is stopping to requests that were not computed in time. */
    private static final long LAST_ANSWERS_MILLIS = 1_000;

    /** The report has inline styles and scripts. In a sandbox, they cannot use the service. */
    private static final Map<String, String> REPORT_HEADERS = Map.of(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; font-src data:;"
                    + " frame-ancestors 'none'; sandbox allow-scripts");

    private final ServeOptions options;
    private final ServerMetrics metrics = new ServerMetrics();
    private final ModelStore models;
    private final Scheduler scheduler;
    private final ImageRoutes images;
    private final SlowConnections slow = new SlowConnections(IDLE_SECONDS);
    private final ServiceHandler handler;
    private final Server server;
    private final ServerConnector connector;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(work -> Parallel.daemon("timer", work));
    private final ScheduledExecutorService loader =
            Executors.newSingleThreadScheduledExecutor(work -> Parallel.daemon("loader", work));
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile boolean draining;

    private ImageServer(List<Path> runs, ServeOptions options, Consumer<String> log) throws IOException {
        this.options = options;
        models = new ModelStore(runs, options.precision(), metrics, log);
        int cores = Runtime.getRuntime().availableProcessors();
        scheduler = new Scheduler(cores, options, metrics);
        QueuedThreadPool threads = new QueuedThreadPool(THREADS, 4);
        threads.setName("http");
        threads.setDaemon(true);
        images = new ImageRoutes(models, scheduler, options, threads);
        Access access = new Access(options);
        handler = new ServiceHandler(routes(access, threads), access, metrics, slow, () -> draining);
        server = new Server(threads);
        connector = new ServerConnector(server, factories(options));
        connector.setHost(options.host());
        connector.setPort(options.port());
        connector.setIdleTimeout(TimeUnit.SECONDS.toMillis(IDLE_SECONDS));
        connector.addBean(slow);
        server.addConnector(connector);
        server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, connector));
        server.setHandler(handler);
        server.setErrorHandler(ServiceHandler::error);
        registerGauges();
        every(timer, 1, slow::sweep, log);
        if (options.watch()) {
            every(loader, WATCH_SECONDS, models::reloadChanged, log);
        }
    }

    private static void every(ScheduledExecutorService timer, int seconds, Runnable work, Consumer<String> log) {
        Runnable attempt = () -> {
            try {
                work.run();
            } catch (RuntimeException | Error e) { // would end all later attempts
                log.accept("a task in the background failed and will be tried again");
            }
        };
        ScheduledFuture<?> unused = timer.scheduleWithFixedDelay(attempt, seconds, seconds, TimeUnit.SECONDS);
    }

    /**
     * Loads the runs and starts the service.
     *
     * @param runs run folders; the name of a model is the name of its folder
     * @param log receives a line per event, for example a new checkpoint
     * @throws IOException if a run cannot be loaded, the port is in use, or the TLS file cannot be read
     * @throws IllegalArgumentException if two runs have the same name
     */
    public static ImageServer start(List<Path> runs, ServeOptions options, Consumer<String> log) throws IOException {
        if (options.tls().isPresent() && !Files.isReadable(options.tls().get())) {
            throw new IOException(options.tls().get() + ": no such file, or no permission to read it");
        }
        ImageServer service = new ImageServer(runs, options, log);
        try {
            service.server.start();
        } catch (Exception e) {
            service.close();
            throw new IOException(problem(options, e), e);
        }
        return service;
    }

    private static String problem(ServeOptions options, Exception error) {
        for (Throwable e = error; e != null; e = e.getCause()) {
            if (e instanceof BindException) {
                return options.host() + ":" + options.port() + ": cannot listen there (" + e.getMessage()
                        + "); choose another --port";
            }
        }
        return options.tls()
                .map(file -> file + ": not a PKCS #12 file with a key, or a wrong password")
                .orElseGet(() -> options.host() + ":" + options.port() + ": cannot listen there");
    }

    private static ConnectionFactory[] factories(ServeOptions options) {
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        HttpConnectionFactory plain = new HttpConnectionFactory(http);
        if (options.tls().isEmpty()) {
            return new ConnectionFactory[] {plain};
        }
        SecureRequestCustomizer secure = new SecureRequestCustomizer();
        secure.setSniHostCheck(false); // certificates of test services name no host
        http.addCustomizer(secure);
        SslContextFactory.Server ssl = new SslContextFactory.Server();
        ssl.setKeyStorePath(options.tls().get().toAbsolutePath().toString());
        ssl.setKeyStoreType("PKCS12");
        ssl.setKeyStorePassword(options.tlsPassword());
        return new ConnectionFactory[] {new SslConnectionFactory(ssl, plain.getProtocol()), plain};
    }

    private Router routes(Access access, Executor answering) {
        Router router = new Router();
        for (Page page : Page.values()) {
            Answer answer = page.answer(access.needsToken());
            router.open(page.path(), call -> answer);
        }
        for (String method : List.of("POST", "PUT")) { // curl -T sends PUT
            router.add(method, "/classify", images::classify);
            router.add(method, "/explain", images::explain);
        }
        router.get(
                "/models",
                call -> Answer.json(models.names().stream().map(this::card).toList()));
        router.get("/models/{model}", call -> Answer.json(card(name(call))));
        router.get("/models/{model}/report", this::report);
        router.add("POST", "/models/{model}/rollback", call -> {
            if (!access.needsToken()) {
                throw new HttpFailure(403, "rolling back needs a service that was started with --token-file");
            }
            models.rollBack(name(call));
            return CompletableFuture.completedFuture(Answer.json(card(name(call))));
        });
        router.get("/metrics", call -> Answer.text("text/plain; version=0.0.4; charset=utf-8", metrics.text()));
        new InferenceProtocol(models, scheduler, () -> !draining, answering).addTo(router);
        return router;
    }

    private static String name(Call call) {
        return call.variables().getOrDefault("model", "");
    }

    private Map<String, Object> card(String name) {
        return models.use(name, ModelCard::of);
    }

    private Answer report(Call call) {
        Path file = models.use(name(call), model -> ModelCard.report(model.run()));
        try {
            return new Answer(200, "text/html; charset=utf-8", Files.readAllBytes(file), REPORT_HEADERS);
        } catch (IOException e) {
            throw new HttpFailure(404, "this run has no report");
        }
    }

    private void registerGauges() {
        metrics.gauge("resdensenet_ready", "1 while the service takes requests", () -> draining ? 0 : 1);
        for (String name : models.names()) {
            for (String feature : DriftReference.FEATURES) {
                metrics.gauge(
                        "resdensenet_drift_index",
                        "Population stability index of the last " + DriftMonitor.WINDOW
                                + " images against the validation set",
                        () -> drift(name, feature),
                        "model",
                        name,
                        "feature",
                        feature);
            }
        }
    }

    private double drift(String name, String feature) {
        return models.use(
                name,
                model -> model.drift()
                        .flatMap(DriftMonitor::last)
                        .map(window -> window.index().getOrDefault(feature, Double.NaN))
                        .orElse(Double.NaN));
    }

    /** The address that clients use. */
    public URI address() {
        String scheme = options.tls().isPresent() ? "https" : "http";
        String host = options.host().contains(":") && !options.host().startsWith("[")
                ? "[" + options.host() + "]"
                : options.host();
        return URI.create(scheme + "://" + host + ":" + connector.getLocalPort() + "/");
    }

    /** Names of the models. */
    public List<String> models() {
        return models.names();
    }

    /** Loads the runs whose best checkpoint has changed. A checkpoint that cannot be loaded leaves the old model. */
    public void reload() {
        loader.execute(models::reload);
    }

    /** Waits until the service is stopped. */
    public void join() throws InterruptedException {
        stopped.await();
    }

    /**
     * Answers the requests that have come, refuses new ones, and stops; takes at most about 7 seconds. Images that have
     * not been computed after 5 seconds are answered with 503.
     */
    @Override
    public void close() {
        synchronized (stopped) {
            if (draining) {
                return;
            }
            draining = true;
        }
        boolean interrupted = Thread.interrupted(); // otherwise Jetty would not stop
        try {
            if (connector.isRunning()) {
                Thread.sleep(NOT_READY_MILLIS);
                connector.close();
                drain(DRAIN_MILLIS);
                scheduler.abandon();
                images.abandon();
                slow.abandon();
                drain(LAST_ANSWERS_MILLIS);
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        try {
            connector.close();
            server.stop();
        } catch (Exception e) {
            // a connection that cannot be closed cleanly is closed by the end of the process
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        timer.shutdownNow();
        loader.shutdownNow();
        images.close();
        scheduler.close();
        models.close();
        stopped.countDown();
    }

    /** Waits until no request is being answered. */
    private void drain(long millis) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        long quiet = 0;
        while (System.nanoTime() < end && quiet < QUIET_MILLIS) {
            Thread.sleep(20);
            quiet = handler.active() == 0 ? quiet + 20 : 0;
        }
    }
}
