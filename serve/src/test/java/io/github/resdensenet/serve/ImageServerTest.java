package io.github.resdensenet.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.testkit.Extent;
import io.github.resdensenet.testkit.Messages;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

class ImageServerTest {
    private static final byte[] NO_IMAGE = "no image".getBytes(StandardCharsets.UTF_8);

    @TempDir
    private static Path folder;

    private static Run run;
    private static ImageServer server;
    private static List<Path> images;
    private static final List<Prediction> EXPECTED = new ArrayList<>();

    private final HttpClient client = HttpClient.newHttpClient();

    @BeforeAll
    static void start() throws IOException {
        run = TestRun.create(folder.resolve("day"), 1);
        images = TestRun.images(folder.resolve("images"), 40);
        try (Classifier classifier = Classifier.load(run.folder())) {
            for (Path image : images) {
                EXPECTED.add(classifier.classify(image));
            }
        }
        server = ImageServer.start(List.of(run.folder()), ServeOptions.onPort(0), line -> {});
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private HttpResponse<byte[]> send(ImageServer to, String method, String path, BodyPublisher body, String... headers)
            throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(to.address().resolve(path)).method(method, body);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), BodyHandlers.ofByteArray());
    }

    private HttpResponse<byte[]> post(String path, byte[] body, String... headers) throws Exception {
        return send(server, "POST", path, BodyPublishers.ofByteArray(body), headers);
    }

    private HttpResponse<byte[]> get(String path, String... headers) throws Exception {
        return send(server, "GET", path, BodyPublishers.noBody(), headers);
    }

    private static JsonNode json(HttpResponse<byte[]> response) {
        return JsonMapper.shared().readTree(response.body());
    }

    /** The error of a response, which must be one plain sentence. */
    private static String error(HttpResponse<byte[]> response) {
        assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
        String error = json(response).path("error").asString();
        assertThat(Messages.fault(error, "")).isEmpty();
        assertThat(error).doesNotContain(folder.toString());
        return error;
    }

    private static void assertIsPrediction(JsonNode answer, int image) {
        Prediction expected = EXPECTED.get(image);
        assertThat(answer.path("class").asString()).isEqualTo(expected.className());
        assertThat(answer.path("index").asInt()).isEqualTo(expected.classIndex());
        for (int c = 0; c < TestRun.CLASSES.size(); c++) {
            assertThat(answer.path("probabilities").path(TestRun.CLASSES.get(c)).asDouble())
                    .isEqualTo(expected.probabilities().get(c));
        }
    }

    @Test
    void servesRunFoldersWithReservedCharactersInTheirNames() throws Exception {
        String name = "my run [2], 夜";
        Run odd = TestRun.create(folder.resolve(name), 1);
        String encoded = "/v2/models/"
                + new URI(null, null, "/" + name, null).toASCIIString().substring(1);
        try (ImageServer other = ImageServer.start(List.of(odd.folder()), ServeOptions.onPort(0), line -> {})) {
            HttpResponse<byte[]> response = send(other, "GET", encoded, BodyPublishers.noBody());
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(json(response).path("name").asString()).isEqualTo(name);
            assertThat(send(other, "GET", "/v2/models/%FF", BodyPublishers.noBody())
                            .statusCode())
                    .isBetween(400, 404);
        }
    }

    @Test
    void answersUnderLoadArePredictionsBitForBit() throws Exception {
        int clients = 16;
        int each = Extent.of(60, 1_250);
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        List<Future<?>> work = new ArrayList<>();
        for (int t = 0; t < clients; t++) {
            int first = t * 7;
            work.add(threads.submit(() -> {
                for (int i = 0; i < each; i++) {
                    int image = (first + i) % images.size();
                    if (i % 20 == 19) {
                        assertThat(post("/classify", NO_IMAGE).statusCode()).isEqualTo(422);
                    }
                    HttpResponse<byte[]> response = post("/classify", Files.readAllBytes(images.get(image)));
                    assertThat(response.statusCode()).isEqualTo(200);
                    assertIsPrediction(json(response), image);
                }
                return null;
            }));
        }
        for (Future<?> done : work) {
            done.get();
        }
        threads.shutdown();
    }

    private static byte[] form(String boundary, List<Path> files) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (Path file : files) {
            body.writeBytes(("--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\""
                            + file.getFileName() + "\"\r\n\r\n")
                    .getBytes(StandardCharsets.UTF_8));
            body.writeBytes(Files.readAllBytes(file));
            body.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
        }
        body.writeBytes(("--" + boundary + "--\r\n").getBytes(StandardCharsets.UTF_8));
        return body.toByteArray();
    }

    @Test
    void aDamagedFileOfAFormDoesNotAffectTheOthers() throws Exception {
        Path bad = Files.write(folder.resolve("bad.png"), NO_IMAGE);
        List<Path> files = List.of(images.get(0), bad, images.get(2), images.get(1));

        HttpResponse<byte[]> response =
                post("/classify", form("xyz", files), "Content-Type", "multipart/form-data; boundary=xyz");

        assertThat(response.statusCode()).isEqualTo(200);
        JsonNode list = json(response);
        assertThat(list.size()).isEqualTo(4);
        assertIsPrediction(list.get(0), 0);
        assertThat(list.get(0).path("file").asString()).isEqualTo("image0.png");
        assertThat(list.get(1).path("file").asString()).isEqualTo("bad.png");
        assertThat(list.get(1).path("error").asString()).startsWith("not an image in a supported format");
        assertIsPrediction(list.get(2), 2);
        assertIsPrediction(list.get(3), 1);
    }

    @Test
    void putClassifiesToo() throws Exception {
        HttpResponse<byte[]> response =
                send(server, "PUT", "/classify", BodyPublishers.ofFile(images.get(3)), "Content-Type", "image/png");

        assertIsPrediction(json(response), 3);
    }

    @Test
    void classifyTakesTheOptionsOfPredict() throws Exception {
        byte[] image = Files.readAllBytes(images.get(5));

        JsonNode answer = json(post("/classify?top_k=1&raw=true&abstain_below=1", image));

        assertThat(answer.path("class").asString()).isEqualTo("abstain");
        assertThat(answer.path("index").asInt()).isEqualTo(-1);
        assertThat(answer.path("abstained").asBoolean()).isTrue();
        assertThat(answer.path("probabilities").size()).isEqualTo(1);
        assertThat(answer.path("logits").size()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "/classify?top_k=0, 400",
        "/classify?top_k=1.5, 400",
        "/classify?top_k=x, 400",
        "/classify?abstain_below=2, 400",
        "/classify?raw=maybe, 400",
        "/classify?model=other, 404",
        "/explain?method=magic, 400",
        "/explain?target=nobody, 400",
        "/nothing, 404",
        "/v2/models/other/infer, 404",
        "/v2/models/day/versions/2/infer, 404",
        "/models/day/rollback, 403",
        "/metrics, 405"
    })
    void wrongRequestsGetOneSentence(String path, int status) throws Exception {
        HttpResponse<byte[]> response = post(path, Files.readAllBytes(images.get(0)));

        assertThat(response.statusCode()).isEqualTo(status);
        error(response);
    }

    @Test
    void explainsWithFaithfulnessCheckAndOverlay() throws Exception {
        byte[] image = Files.readAllBytes(images.get(0));

        JsonNode answer = json(post("/explain", image));
        HttpResponse<byte[]> png = post("/explain", image, "Accept", "image/png");

        assertIsPrediction(answer, 0);
        assertThat(answer.path("sanity").path("verdict").asString()).isNotBlank();
        assertThat(answer.path("overlay").asString()).startsWith("data:image/png;base64,");
        assertThat(answer.path("map").size()).isPositive();
        assertThat(png.headers().firstValue("Content-Type")).contains("image/png");
        assertThat(Base64.getEncoder().encodeToString(png.body()))
                .isEqualTo(answer.path("overlay").asString().substring("data:image/png;base64,".length()));
    }

    @Test
    void aBodyOverTheLimitIsRejectedWithAndWithoutLength() throws Exception {
        int size = ServeOptions.MAX_BODY + 1;
        String post = "POST /classify HTTP/1.1\r\nHost: localhost\r\n";
        String announced = post + "Content-Length: " + size + "\r\n\r\n";
        String chunked =
                post + "Transfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(size) + "\r\n" + "x".repeat(size);

        // Neither request has bytes after the first one over the limit: a connection reset cannot lose the answer.
        for (String request : List.of(announced, chunked)) {
            assertThat(raw(request)).startsWith("HTTP/1.1 413").contains("{\"error\":");
        }
        assertThat(post("/classify", new byte[ServeOptions.MAX_BODY]).statusCode())
                .isEqualTo(422);
    }

    @Test
    void imagesWithTooManyPixelsAreRejectedBeforeDecoding() throws Exception {
        ServeOptions options = new ServeOptions(
                "127.0.0.1", 0, Optional.empty(), Optional.empty(), "", 8, Duration.ofSeconds(10), 1_000, false);
        try (ImageServer small = ImageServer.start(List.of(run.folder()), options, line -> {})) {
            HttpResponse<byte[]> response = send(small, "POST", "/classify", BodyPublishers.ofFile(images.get(10)));

            assertThat(response.statusCode()).isEqualTo(422);
            assertThat(error(response)).contains("must be at most 1000");
        }
    }

    @Test
    void aFullQueueIsAnsweredWith429AndRetryAfter() throws Exception {
        ServeOptions options = new ServeOptions(
                "127.0.0.1", 0, Optional.empty(), Optional.empty(), "", 1, Duration.ofSeconds(10), 1_000_000, false);
        try (ImageServer small = ImageServer.start(List.of(run.folder()), options, line -> {})) {
            HttpRequest request = HttpRequest.newBuilder(small.address().resolve("/classify"))
                    .POST(BodyPublishers.ofFile(images.get(10)))
                    .build();
            List<CompletableFuture<HttpResponse<byte[]>>> all = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                all.add(client.sendAsync(request, BodyHandlers.ofByteArray()));
            }
            int rejected = 0;
            for (CompletableFuture<HttpResponse<byte[]>> one : all) {
                HttpResponse<byte[]> response = one.get();
                assertThat(response.statusCode()).isIn(200, 429);
                if (response.statusCode() == 429) {
                    rejected++;
                    error(response);
                    assertThat(response.headers()
                                    .firstValueAsLong("Retry-After")
                                    .orElseThrow())
                            .isPositive();
                }
            }
            assertThat(rejected).isBetween(1, 39);
        }
    }

    @Test
    void aTimeoutIsAnsweredWith504AndTheImageIsNotComputed() throws Exception {
        ServeOptions options = new ServeOptions(
                "127.0.0.1", 0, Optional.empty(), Optional.empty(), "", 500, Duration.ofMillis(1), 1_000_000, false);
        try (ImageServer hasty = ImageServer.start(List.of(run.folder()), options, line -> {})) {
            List<CompletableFuture<HttpResponse<byte[]>>> all = new ArrayList<>();
            HttpRequest request = HttpRequest.newBuilder(hasty.address().resolve("/classify"))
                    .POST(BodyPublishers.ofFile(images.get(10)))
                    .build();
            for (int i = 0; i < 100; i++) {
                all.add(client.sendAsync(request, BodyHandlers.ofByteArray()));
            }
            int late = 0;
            for (CompletableFuture<HttpResponse<byte[]>> one : all) {
                late += one.get().statusCode() == 504 ? 1 : 0;
            }

            String metrics = new String(
                    send(hasty, "GET", "/metrics", BodyPublishers.noBody()).body(), StandardCharsets.UTF_8);
            assertThat(late).isPositive();
            assertThat(value(metrics, "resdensenet_images_expired_total")).isEqualTo(late);
            assertThat(value(metrics, "resdensenet_images_total")).isLessThan(100);
        }
    }

    private static double value(String metrics, String name) {
        return metrics.lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .sum();
    }

    @Test
    void requestsOfOtherSitesAndHostNamesAreForbidden() throws Exception {
        byte[] image = Files.readAllBytes(images.get(0));

        assertThat(post("/classify", image, "Origin", "http://evil.example").statusCode())
                .isEqualTo(403);
        assertThat(post("/classify", image, "Sec-Fetch-Site", "cross-site").statusCode())
                .isEqualTo(403);
        assertThat(post(
                                "/classify",
                                image,
                                "Origin",
                                server.address().toString().replaceAll("/$", ""))
                        .statusCode())
                .isEqualTo(200);
        assertThat(raw("GET /v2 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 403");
        assertThat(raw("GET /v2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 200");
    }

    /** Sends bytes and returns all that comes back. */
    private static String raw(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", server.address().getPort())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GARBAGE\r\n\r\n",
                "GET / HTTP/9.9\r\n\r\n",
                "GET /models/%2e%2e%2fx HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                "GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                "POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
                "POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nxxxxx",
                "POST /classify HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
                "GET /?a=%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\nConnection: close\r\n\r\n"
            })
    void damagedHttpGetsJsonOrNothing(String request) throws IOException {
        String answer = raw(request);

        if (!answer.isEmpty()) {
            assertThat(answer).matches("(?s)HTTP/1.1 (4|505).*");
            assertThat(answer.substring(answer.indexOf("\r\n\r\n") + 4)).matches("\\{\"error\":\"[^\"]+\"}");
        }
    }

    @Test
    void headersOverTheLimitAreRejected() throws IOException {
        String answer = raw("GET /v2 HTTP/1.1\r\nHost: localhost\r\nX: " + "x".repeat(20_000) + "\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 431").contains("{\"error\":");
    }

    @Test
    void slowClientsAreCutOffAndOthersAreNot() throws Exception {
        List<Socket> slow = new ArrayList<>();
        AtomicBoolean go = new AtomicBoolean(true);
        for (String start : List.of(
                "POST /classify HTTP/1.1\r\nHost: localhost\r\n",
                "POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")) {
            Socket socket = new Socket("127.0.0.1", server.address().getPort());
            socket.getOutputStream().write(start.getBytes(StandardCharsets.ISO_8859_1));
            slow.add(socket);
            Thread drip = new Thread(() -> {
                try {
                    OutputStream out = socket.getOutputStream();
                    while (go.get()) {
                        out.write('x');
                        out.flush();
                        Thread.sleep(500);
                    }
                } catch (IOException | InterruptedException e) {
                    // the service has closed the connection
                }
            });
            drip.setDaemon(true);
            drip.start();
        }
        long begin = System.nanoTime();
        assertThat(post("/classify", Files.readAllBytes(images.get(0))).statusCode())
                .isEqualTo(200);
        for (Socket socket : slow) {
            socket.setSoTimeout(25_000);
            InputStream in = socket.getInputStream();
            try {
                String answer = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                assertThat(answer).matches("(?s)|HTTP/1.1 408.*");
            } catch (SocketException e) { // reset
                assertThat(e).hasMessageContaining("reset");
            }
            socket.close();
        }
        go.set(false);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(20));
    }

    @Test
    void everyRequestBeforeTheStopIsAnswered() throws Exception {
        ImageServer stopping = ImageServer.start(List.of(run.folder()), ServeOptions.onPort(0), line -> {});
        AtomicBoolean go = new AtomicBoolean(true);
        AtomicLong lastAccepted = new AtomicLong(Long.MAX_VALUE);
        List<String> faults = Collections.synchronizedList(new ArrayList<>());
        ExecutorService threads = Executors.newFixedThreadPool(8);
        for (int t = 0; t < 8; t++) {
            int image = t;
            Future<?> unused = threads.submit(() -> {
                byte[] content = Files.readAllBytes(images.get(image));
                while (go.get()) {
                    long start = System.nanoTime();
                    HttpResponse<byte[]> response;
                    try {
                        response = send(stopping, "POST", "/classify", BodyPublishers.ofByteArray(content));
                    } catch (ConnectException e) {
                        return null; // not accepted
                    } catch (IOException e) {
                        boolean unanswered = e.toString().matches(".*(received no bytes|Connection reset).*");
                        if (!unanswered
                                || start <= lastAccepted.get()) { // later, the port closes before it is accepted
                            faults.add(e.toString());
                        }
                        return null;
                    }
                    if (response.statusCode() != 200) {
                        faults.add("status " + response.statusCode());
                    }
                }
                return null;
            });
        }
        Thread.sleep(1_000);
        CompletableFuture<Void> stop = CompletableFuture.runAsync(stopping::close);
        lastAccepted.set(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(500)); // the port closes after a second
        Thread.sleep(300);
        assertThat(send(stopping, "GET", "/v2/health/ready", BodyPublishers.noBody())
                        .statusCode())
                .isEqualTo(503);
        stop.get();
        go.set(false);
        threads.shutdown();
        assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        assertThat(faults).isEmpty();
    }

    @Test
    void requestsThatAreNotComputedBeforeTheStopGet503() throws Exception {
        Run slow = TestRun.create(folder.resolve("slow"), 4);
        ImageServer stopping = ImageServer.start(List.of(slow.folder()), ServeOptions.onPort(0), line -> {});
        byte[] content = Files.readAllBytes(images.get(0));
        List<CompletableFuture<Integer>> statuses = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(6);
        for (int i = 0; i < 6; i++) { // the faithfulness check of one takes about a second
            statuses.add(CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            return send(
                                            stopping,
                                            "POST",
                                            "/explain?method=occlusion",
                                            BodyPublishers.ofByteArray(content))
                                    .statusCode();
                        } catch (Exception e) {
                            return -1;
                        }
                    },
                    threads));
        }
        Thread.sleep(500);
        stopping.close();
        threads.shutdown();
        assertThat(statuses).allSatisfy(status -> assertThat(status.get()).isIn(200, 503));
    }

    @Test
    void announcedBodiesDoNotKeepOthersOut() throws Exception {
        List<Socket> waiting = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Socket socket = new Socket("127.0.0.1", server.address().getPort());
            socket.getOutputStream()
                    .write(("POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 67108864\r\n\r\nx")
                            .getBytes(StandardCharsets.US_ASCII));
            waiting.add(socket);
        }
        Thread.sleep(300);
        try {
            assertThat(post("/classify", Files.readAllBytes(images.get(0))).statusCode())
                    .isEqualTo(200);
        } finally {
            for (Socket socket : waiting) {
                socket.close();
            }
        }
    }

    @Test
    void heldBytesHaveALimitForAllRequests() {
        AtomicLong all = new AtomicLong();
        HeldBytes first = new HeldBytes(all, 10);
        HeldBytes second = new HeldBytes(all, 10);
        assertThat(first.add(6)).isTrue();
        assertThat(second.add(6)).isFalse();
        assertThat(second.add(4)).isTrue();
        first.release();
        assertThat(first.add(1)).isFalse();
        assertThat(second.add(6)).isTrue();
        second.release();
        assertThat(all).hasValue(0);
    }

    @Test
    void tokensAreVisibleAscii() {
        for (String token : List.of("", "a b", "\ufeffsecret", "schl\u00fcssel", "a\nb")) {
            assertThatThrownBy(() -> new ServeOptions(
                            "127.0.0.1",
                            0,
                            Optional.of(token),
                            Optional.empty(),
                            "",
                            64,
                            Duration.ofSeconds(10),
                            1_000_000,
                            false))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("--token-file must have one token");
        }
    }

    private static ServeOptions withToken(String host, boolean watch) {
        return new ServeOptions(
                host, 0, Optional.of("secret"), Optional.empty(), "", 64, Duration.ofSeconds(10), 1_000_000, watch);
    }

    @Test
    void aTokenProtectsEverythingButThePageAndHealth() throws Exception {
        try (ImageServer guarded = ImageServer.start(List.of(run.folder()), withToken("127.0.0.1", false), l -> {})) {
            for (String path : List.of("/models", "/metrics", "/v2", "/v2/models/day")) {
                HttpResponse<byte[]> response = send(guarded, "GET", path, BodyPublishers.noBody());
                assertThat(response.statusCode()).isEqualTo(401);
                assertThat(response.headers().firstValue("WWW-Authenticate")).contains("Bearer");
                String[] wrong = {"Authorization", "Bearer secre"};
                assertThat(send(guarded, "GET", path, BodyPublishers.noBody(), wrong)
                                .statusCode())
                        .isEqualTo(401);
                String[] right = {"Authorization", path.equals("/v2") ? "bearer secret" : "Bearer secret"};
                assertThat(send(guarded, "GET", path, BodyPublishers.noBody(), right)
                                .statusCode())
                        .isEqualTo(200);
            }
            for (String path : List.of("/", "/app.js", "/v2/health/live", "/v2/health/ready")) {
                assertThat(send(guarded, "GET", path, BodyPublishers.noBody()).statusCode())
                        .isEqualTo(200);
            }
        }
    }

    @Test
    void reloadsNewCheckpointsKeepsTheOldOneIfTheNewIsDamagedAndRollsBack() throws Exception {
        Run own = TestRun.create(folder.resolve("own"), 2);
        Run other = TestRun.create(folder.resolve("other"), 3);
        String[] token = {"Authorization", "Bearer secret"};
        List<String> log = Collections.synchronizedList(new ArrayList<>());
        try (ImageServer reloading = ImageServer.start(List.of(own.folder()), withToken("127.0.0.1", true), log::add)) {
            JsonNode before = json(send(reloading, "POST", "/classify", BodyPublishers.ofFile(images.get(0)), token));

            TestRun.replaceBest(own, other);
            waitFor(log, 1);
            JsonNode after = json(send(reloading, "POST", "/classify", BodyPublishers.ofFile(images.get(0)), token));
            assertThat(after.path("model").asString())
                    .isEqualTo(own.readBestManifest().sha256())
                    .isNotEqualTo(before.path("model").asString());
            assertThat(after.path("probabilities")).isNotEqualTo(before.path("probabilities"));

            Path weights = own.best().resolve("weights.safetensors");
            byte[] damaged = Files.readAllBytes(weights);
            damaged[damaged.length - 1] ^= 1;
            TestRun.replaceBest(own, TestRun.create(folder.resolve("third"), 4));
            Files.write(weights, damaged);
            waitFor(log, 2);
            assertThat(log.get(1)).startsWith("own: the old checkpoint stays: ");
            JsonNode kept = json(send(reloading, "POST", "/classify", BodyPublishers.ofFile(images.get(0)), token));
            assertThat(kept.path("probabilities")).isEqualTo(after.path("probabilities"));

            HttpResponse<byte[]> back = send(reloading, "POST", "/models/own/rollback", BodyPublishers.noBody(), token);
            assertThat(back.statusCode()).isEqualTo(200);
            JsonNode rolled = json(send(reloading, "POST", "/classify", BodyPublishers.ofFile(images.get(0)), token));
            assertThat(rolled.path("probabilities")).isEqualTo(before.path("probabilities"));
        }
    }

    private static void waitFor(List<String> log, int lines) throws InterruptedException {
        for (int i = 0; i < 200 && log.size() < lines; i++) {
            Thread.sleep(100);
        }
        assertThat(log).hasSizeGreaterThanOrEqualTo(lines);
    }

    @Test
    void pageFilesComeFromTheServiceAndRunNoInlineScript() throws Exception {
        String index = new String(get("/").body(), StandardCharsets.UTF_8);

        assertThat(index)
                .doesNotContain("<script>")
                .doesNotContain("style=")
                .doesNotContain("http:")
                .doesNotContain("https:");
        for (String file : List.of("/app.js", "/style.css", "/icon.svg", "/openapi.yaml")) {
            assertThat(get(file).statusCode()).isEqualTo(200);
        }
        assertThat(get("/").headers().firstValue("Content-Security-Policy"))
                .hasValueSatisfying(policy ->
                        assertThat(policy).contains("default-src 'none'").contains("frame-ancestors 'none'"));
        assertThat(get("/page/index.html").statusCode()).isEqualTo(404);
    }

    @Test
    void theModelCardNamesTheInputSizeAndTheResizeMode() throws Exception {
        JsonNode card = json(get("/models/day"));

        assertThat(card.get("image_size").asInt())
                .isEqualTo(run.readBestManifest().preprocessing().imageSize());
        assertThat(card.get("resize").asString()).isEqualTo("stretch");
    }

    @Test
    void theApiDescriptionListsRoutesThatExist() throws Exception {
        JsonNode paths = new YAMLMapper().readTree(get("/openapi.yaml").body()).path("paths");

        assertThat(paths.size()).isGreaterThan(10);
        for (Map.Entry<String, JsonNode> path : paths.properties()) {
            String address = path.getKey().replace("{model}", "day").replace("{version}", "1");
            for (String method : path.getValue().propertyNames()) {
                int status = send(
                                server,
                                method.toUpperCase(Locale.ROOT),
                                address,
                                BodyPublishers.ofByteArray(new byte[0]))
                        .statusCode();
                // the run has no report
                assertThat(status)
                        .as(method + " " + address)
                        .isNotIn(address.endsWith("/report") ? 405 : 404, 405, 500);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", "192.168.1.2", "example.org"})
    void otherMachinesNeedAToken(String host) {
        assertThatThrownBy(() -> new ServeOptions(
                        host, 0, Optional.empty(), Optional.empty(), "", 1, Duration.ofSeconds(1), 1, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(host)
                .hasMessageContaining("--token-file");
    }

    @Test
    void aPortInUseAndTwoRunsOfOneNameAreSaidInOneLine() throws IOException {
        int port = server.address().getPort();
        assertThatThrownBy(() -> ImageServer.start(List.of(run.folder()), ServeOptions.onPort(port), line -> {}))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(":" + port + ": cannot listen there");
        Run same = TestRun.create(folder.resolve("more").resolve("day"), 5);
        assertThatThrownBy(() ->
                        ImageServer.start(List.of(run.folder(), same.folder()), ServeOptions.onPort(0), line -> {}))
                .hasMessage("two runs have the name day");
    }

    @Test
    void metricsCountRequestsExactly() throws Exception {
        try (ImageServer counted = ImageServer.start(List.of(run.folder()), ServeOptions.onPort(0), line -> {})) {
            for (int i = 0; i < 30; i++) {
                send(counted, "POST", "/classify", BodyPublishers.ofFile(images.get(i)));
                send(counted, "POST", "/classify", BodyPublishers.ofByteArray(NO_IMAGE));
            }

            String metrics = new String(
                    send(counted, "GET", "/metrics", BodyPublishers.noBody()).body(), StandardCharsets.UTF_8);

            assertThat(value(metrics, "resdensenet_images_total")).isEqualTo(30);
            assertThat(value(metrics, "resdensenet_requests_seconds_count{route=\"/classify\",status=\"200\"}"))
                    .isEqualTo(30);
            assertThat(value(metrics, "resdensenet_requests_seconds_count{route=\"/classify\",status=\"422\"}"))
                    .isEqualTo(30);
        }
    }

    private static byte[] binary(String json, byte[] data) {
        byte[] head = json.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(head.length + data.length)
                .put(head)
                .put(data)
                .array();
    }

    private void assertIsProbabilities(JsonNode output, int image) {
        for (int c = 0; c < TestRun.CLASSES.size(); c++) {
            assertThat((float) output.path("data").get(c).asDouble())
                    .isEqualTo(EXPECTED.get(image).probabilities().get(c).floatValue());
        }
    }

    @Test
    void inferenceProtocolTakesJsonBinaryAndRawBodies() throws Exception {
        byte[] image = Files.readAllBytes(images.get(4));
        String path = "/v2/models/day/infer";
        String base64 = Base64.getEncoder().encodeToString(image);

        JsonNode asJson = json(post(
                path,
                ("{\"id\":\"a-1\",\"inputs\":[{\"name\":\"image\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\""
                                + base64 + "\"]}]}")
                        .getBytes(StandardCharsets.UTF_8)));
        assertThat(asJson.path("id").asString()).isEqualTo("a-1");
        assertThat(asJson.path("model_name").asString()).isEqualTo("day");
        assertIsProbabilities(asJson.path("outputs").get(0), 4);

        byte[] element = ByteBuffer.allocate(4 + image.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(image.length)
                .put(image)
                .array();
        String head = "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"BYTES\",\"shape\":[1],\"parameters\":"
                + "{\"binary_data_size\":" + element.length + "}}],\"outputs\":[{\"name\":\"probabilities\","
                + "\"parameters\":{\"classification\":2}}]}";
        JsonNode asBinary = json(post(
                "/v2/models/day/versions/1/infer",
                binary(head, element),
                "Inference-Header-Content-Length",
                "" + head.length()));
        String first = asBinary.path("outputs").get(0).path("data").get(0).asString();
        assertThat(first)
                .endsWith(":" + EXPECTED.get(4).classIndex() + ":"
                        + EXPECTED.get(4).className());

        HttpResponse<byte[]> asBody = post(path, image, "Inference-Header-Content-Length", "0");
        int length = Integer.parseInt(
                asBody.headers().firstValue("Inference-Header-Content-Length").orElseThrow());
        ByteBuffer data = ByteBuffer.wrap(asBody.body(), length, asBody.body().length - length)
                .order(ByteOrder.LITTLE_ENDIAN);
        for (double probability : EXPECTED.get(4).probabilities()) {
            assertThat(data.getFloat()).isEqualTo((float) probability);
        }
    }

    @Test
    void inferenceProtocolTakesPreprocessedImages() throws Exception {
        float[] values;
        try (Classifier classifier = Classifier.load(run.folder());
                var batch = classifier.preprocess(List.of(ImageDecoder.decode(images.get(6), true)))) {
            values = new float[batch.memory().capacity()];
            batch.memory().duplicate().rewind().get(values);
        }
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }

        String head = "{\"inputs\":[{\"name\":\"pixel_values\",\"datatype\":\"FP32\",\"shape\":[1,3,48,48],"
                + "\"parameters\":{\"binary_data_size\":" + bytes.capacity() + "}}]}";
        JsonNode answer = json(post(
                "/v2/models/day-tensor/infer",
                binary(head, bytes.array()),
                "Inference-Header-Content-Length",
                "" + head.length()));

        assertIsProbabilities(answer.path("outputs").get(0), 6);
    }

    private static Stream<String> wrongInference() {
        String input = "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\"%s\"]}]}";
        return Stream.of(
                "",
                "[]",
                "{}",
                "{\"inputs\":[]}",
                "[".repeat(5_000),
                input.formatted("").replace("image", "photo"),
                input.formatted("").replace("BYTES", "FP32"),
                input.formatted("").replace("[1]", "[-1]"),
                input.formatted("").replace("[1]", "[9223372036854775807]"),
                input.formatted("").replace("[1]", "[1e300]"),
                input.formatted("").replace("[1]", "[2]"),
                input.formatted("").replace("[1]", "[1,1,1]"),
                input.formatted("*"),
                input.formatted("")
                        .replace("\"data\"", "\"parameters\":{\"binary_data_size\":99999999999999999999},\"data\""),
                "{\"id\":1," + input.formatted("").substring(1),
                "[" + "0,".repeat(4_000_000) + "0]",
                input.formatted("").replace("\"data\"", "\"parameters\":{\"binary_data_size\":99},\"data\""),
                input.formatted("").replace("}]}", "}],\"outputs\":[{\"name\":\"x\"}]}"),
                input.formatted("").replace("}]}", "}],\"outputs\":[]}"),
                input.formatted("").replace("}]}", "}],\"outputs\":[{\"name\":\"logits\"},{\"name\":\"logits\"}]}"));
    }

    @ParameterizedTest
    @MethodSource("wrongInference")
    void wrongInferenceRequestsAreRejected(String body) throws Exception {
        HttpResponse<byte[]> response = post("/v2/models/day/infer", body.getBytes(StandardCharsets.UTF_8));

        assertThat(response.statusCode()).isEqualTo(400);
        error(response);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "999999", "x", "99999999999999999999"})
    void aWrongHeaderLengthIsRejected(String length) throws Exception {
        HttpResponse<byte[]> response = post(
                "/v2/models/day/infer",
                "{}".getBytes(StandardCharsets.UTF_8),
                "Inference-Header-Content-Length",
                length);

        assertThat(response.statusCode()).isEqualTo(400);
        error(response);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v2",
                "/v2/",
                "/v2/health/live",
                "/v2/health/ready",
                "/v2/models/day",
                "/v2/models/day/ready",
                "/v2/models/day/config",
                "/v2/models/day/versions/1",
                "/v2/models/day/versions/1/ready",
                "/v2/models/day-tensor",
                "/v2/models/day-tensor/versions/1/config"
            })
    void inferenceProtocolPathsExist(String path) throws Exception {
        HttpResponse<byte[]> response = get(path);

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(json(response).isObject()).isTrue();
    }

    @Test
    void addressesAreThoseOfTheService() {
        assertThat(server.address())
                .isEqualTo(URI.create("http://127.0.0.1:" + server.address().getPort() + "/"));
        assertThat(server.models()).containsExactly("day");
    }
}
