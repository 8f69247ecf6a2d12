package io.github.resdensenet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.testkit.Extent;
import io.github.resdensenet.testkit.TestImages;
import io.github.resdensenet.testkit.Trust;
import io.github.resdensenet.util.Digest;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills processes of the real command at random moments and compares the resumed runs with an uninterrupted run.
 *
 * <p>With {@code -Pslow}, 200 processes are killed.
 */
@DisabledOnOs(OS.WINDOWS)
class KillTest {
    private static final int KILLS = Extent.of(2, 200);
    private static final int LOSSES = Extent.of(2, 50); // of one of several processes
    private static final int WRITES = Extent.of(1, 20); // for each of three files

    @TempDir
    private static Path shared;

    @TempDir
    private Path root;

    /** Engine to its uninterrupted run. */
    private static final Map<String, Path> UNINTERRUPTED = new HashMap<>();

    @BeforeAll
    static void createImages() throws IOException {
        TestImages.folder(shared.resolve("data"), 40, 40, "夜", "day");
    }

    /** Recipe keys of the training by the fused engine: everything that has a state or draws random numbers. */
    private static final List<String> OPTIONS = List.of(
            "data.sampling=balanced",
            "augment.cropScale=0.5",
            "augment.verticalFlip=0.5",
            "augment.rotation=20",
            "augment.shear=5",
            "augment.perspective=0.3",
            "augment.hue=0.1",
            "augment.blur=1.5",
            "augment.erasing=0.5",
            "augment.policy=randaugment",
            "augment.mixup=0.4",
            "augment.cutmix=1",
            "train.optimizer=sgd",
            "train.clipNorm=1",
            "train.accumulate=2",
            "train.classWeights=balanced",
            "train.schedule=plateau",
            "train.plateauPatience=0",
            "train.decayNormAndBias=false",
            "train.startSize=32",
            "train.emaDecay=0.9",
            "train.patience=5");

    private List<String> training(String engine) {
        List<String> arguments = new ArrayList<>(List.of(
                "train",
                "--data",
                shared.resolve("data").toString(),
                "--engine",
                engine,
                "--set",
                "model.blockConfig=[1,1]",
                "--set",
                "model.growthRate=8",
                "--set",
                "train.checkpointMinutes=0.0001",
                "--image-size",
                "48",
                "--epochs",
                "6",
                "--threads",
                "2",
                "--seed",
                "7"));
        if (engine.equals("fused")) {
            OPTIONS.forEach(option -> arguments.addAll(List.of("--set", option)));
        }
        return arguments;
    }

    private Process start(List<String> arguments, String... more) throws IOException {
        return start(Map.of(), arguments, more);
    }

    private Process start(Map<String, String> environment, List<String> arguments, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName()));
        command.addAll(arguments);
        command.addAll(List.of(more));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        root.resolve("output.txt").toFile()));
        builder.environment().putAll(environment);
        return builder.start();
    }

    private int await(Process process) throws Exception {
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        return process.exitValue();
    }

    private Path uninterrupted(String engine) throws Exception {
        Path run = UNINTERRUPTED.get(engine);
        if (run == null) {
            run = shared.resolve("uninterrupted-" + engine);
            UNINTERRUPTED.put(engine, run);
            assertThat(await(start(training(engine), "--out", run.toString())))
                    .as(() -> "see " + root.resolve("output.txt"))
                    .isZero();
        }
        return run;
    }

    private static String outcome(Path run) throws IOException {
        StringBuilder all = new StringBuilder();
        for (String checkpoint : List.of("last", "best")) {
            for (String file : List.of("weights.safetensors", "optimizer.safetensors")) {
                all.append(Digest.sha256(
                                run.resolve("checkpoints").resolve(checkpoint).resolve(file)))
                        .append('\n');
            }
        }
        return all.toString();
    }

    /** The time from the first file of a finished run to the last one of its training. */
    private static Duration training(Path run) throws IOException {
        return Duration.between(
                Files.getLastModifiedTime(run.resolve("split.csv")).toInstant(),
                Files.getLastModifiedTime(run.resolve("best.pth")).toInstant());
    }

    /** Waits for the run folder, then for some milliseconds, then until a checkpoint is being written if asked to. */
    private static void awaitMoment(Path run, Process process, boolean whileSaving, long millis) throws Exception {
        while (process.isAlive() && !Files.exists(run)) {
            Thread.sleep(1);
        }
        Thread.sleep(millis);
        Path fresh = run.resolve("checkpoints/.new");
        while (whileSaving && process.isAlive() && !Files.exists(fresh)) {
            Thread.onSpinWait();
        }
    }

    @Test
    void resumesToIdenticalWeightsAfterKill() throws Exception {
        Random random = new Random(1);
        int kills = 0;
        int whileSaving = 0;
        int failed = 0;
        for (String engine : List.of("fused", "reference")) {
            String expected = outcome(uninterrupted(engine));
            long span = training(uninterrupted(engine)).toMillis();
            for (int tries = 0, before = kills; kills < before + KILLS / 2; tries++) {
                assertThat(tries).isLessThan(KILLS * 2);
                Path run = root.resolve("run-" + engine + tries);
                Process process = start(training(engine), "--out", run.toString());
                boolean aimed = kills % Extent.of(2, 5) == 0;
                awaitMoment(run, process, aimed, random.nextLong(span));
                boolean alive = process.isAlive();
                process.destroyForcibly().waitFor();
                kills += alive ? 1 : 0;
                whileSaving += alive && aimed ? 1 : 0;
                int status = await(start(List.of("train", "--resume", run.toString())));
                if (status != 0 || !outcome(run).equals(expected)) {
                    failed++;
                }
            }
        }
        Trust.row("C6", kills, failed, whileSaving + " while a checkpoint was being written");
        assertThat(failed).as(Files.readString(root.resolve("output.txt"))).isZero();
    }

    /** Kills or pauses one of several processes, which are then started again from the last checkpoint. */
    @Test
    void severalProcessesEndWithIdenticalWeightsAfterOneIsLost() throws Exception {
        Random random = new Random(2);
        String expected = outcome(uninterrupted("fused"));
        long span = training(uninterrupted("fused")).toMillis();
        int failed = 0;
        for (int i = 0; i < LOSSES; i++) {
            Path run = root.resolve("run-lost" + i);
            Process launcher = start(
                    training("fused"),
                    "--nproc",
                    Integer.toString(Extent.of(2, 4)),
                    "--timeout-s",
                    "3",
                    "--max-restarts",
                    "1",
                    "--out",
                    run.toString());
            awaitMoment(run, launcher, false, random.nextLong(span));
            List<ProcessHandle> ranks = launcher.descendants().toList();
            if (!ranks.isEmpty()) {
                long victim = ranks.get(random.nextInt(ranks.size())).pid();
                signal(i % 2 == 0 ? "KILL" : "STOP", victim);
            }
            if (await(launcher) != 0 || !outcome(run).equals(expected)) {
                failed++;
            }
        }
        Trust.row("T1", LOSSES, failed, "processes killed or paused");
        assertThat(failed).as(Files.readString(root.resolve("output.txt"))).isZero();
    }

    private static void signal(String name, long process) throws Exception {
        new ProcessBuilder("kill", "-" + name, Long.toString(process)).start().waitFor();
    }

    /** The status says that the training is unfinished, also where no signal came: a supervisor must start it again. */
    @Test
    void aSignalToOneProcessStopsAllWithTheStatusOfASignal() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Path run = root.resolve("run-signal");
        List<Process> ranks = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Map<String, String> environment = Map.of(
                    "RANK",
                    Integer.toString(i),
                    "WORLD_SIZE",
                    "2",
                    "MASTER_ADDR",
                    "127.0.0.1",
                    "MASTER_PORT",
                    Integer.toString(port));
            ranks.add(start(environment, training("fused"), "--rendezvous", "env", "--out", run.toString()));
        }
        Path history = run.resolve("history.csv");
        while (ranks.get(0).isAlive()
                && (!Files.exists(history) || Files.readAllLines(history).size() < 2)) {
            Thread.sleep(10);
        }
        signal("TERM", ranks.get(1).pid());
        assertThat(await(ranks.get(1))).isEqualTo(143);
        assertThat(await(ranks.get(0))).isEqualTo(143);
        assertThat(Files.readString(root.resolve("output.txt")))
                .contains("stopped; resume with: resdensenet train --resume " + run);
        assertThat(await(start(List.of("train", "--resume", run.toString())))).isZero();
        assertThat(outcome(run)).isEqualTo(outcome(uninterrupted("fused")));
    }

    @Test
    void processesEndWithTheirLauncherAndResumeInAnotherNumber() throws Exception {
        String expected = outcome(uninterrupted("fused"));
        Path run = root.resolve("run-launcher");
        Process launcher = start(training("fused"), "--nproc", "2", "--out", run.toString());
        awaitMoment(run.resolve("history.csv"), launcher, false, 0); // later than the first epoch
        List<ProcessHandle> ranks = launcher.descendants().toList();
        assertThat(ranks).hasSize(2);
        launcher.destroyForcibly().waitFor();
        for (ProcessHandle rank : ranks) {
            rank.onExit().get(20, TimeUnit.SECONDS);
        }
        assertThat(await(start(List.of("train", "--resume", run.toString(), "--nproc", "3"))))
                .as(Files.readString(root.resolve("output.txt")))
                .isZero();
        assertThat(outcome(run)).isEqualTo(expected);
    }

    @Test
    @Tag("slow")
    void otherArchitecturesResumeToIdenticalWeightsAfterKill() throws Exception {
        TestImages.folder(root.resolve("data"), 12, 32, "夜", "day");
        for (String model : List.of("densenet121", "resnet50v2")) {
            List<String> training = List.of(
                    "train",
                    "--data",
                    root.resolve("data").toString(),
                    "--model",
                    model,
                    "--image-size",
                    "32",
                    "--epochs",
                    "2",
                    "--batch-size",
                    "6",
                    "--threads",
                    "2",
                    "--seed",
                    "7");
            Path uninterrupted = root.resolve("uninterrupted-" + model);
            assertThat(await(start(training, "--out", uninterrupted.toString())))
                    .isZero();
            Path run = root.resolve("run-" + model);
            Process process = start(training, "--out", run.toString());
            awaitMoment(run, process, true, 0);
            assertThat(process.isAlive()).isTrue();
            process.destroyForcibly().waitFor();
            assertThat(await(start(List.of("train", "--resume", run.toString()))))
                    .isZero();
            assertThat(outcome(run)).isEqualTo(outcome(uninterrupted));
        }
    }

    /** The old file stays until the new one is complete. */
    @Test
    void killWhileWritingFileLeavesOldOrNewContent() throws Exception {
        Path run = uninterrupted("fused");
        Map<String, Path> files = Map.of(
                "plot", run.resolve("curves.png"),
                "report", run.resolve("report.html"),
                "export", root.resolve("weights.pth"));
        int kills = 0;
        int failed = 0;
        Random random = new Random(2);
        for (Map.Entry<String, Path> file : files.entrySet()) {
            List<String> command = new ArrayList<>(List.of(file.getKey(), run.toString()));
            if (file.getKey().equals("export")) {
                command.addAll(
                        List.of("--format", "pth", "--out", file.getValue().toString()));
            }
            long begun = System.nanoTime();
            assertThat(await(start(command))).isZero();
            int span = (int) ((System.nanoTime() - begun) / 1_000_000);
            byte[] complete = Files.readAllBytes(file.getValue());
            for (int i = 0; i < WRITES; i++, kills++) {
                Files.writeString(file.getValue(), "old");
                Process process = start(command);
                Thread.sleep(span / 2 + random.nextInt(span / 2));
                process.destroyForcibly().waitFor();
                byte[] after = Files.readAllBytes(file.getValue());
                boolean old = new String(after, StandardCharsets.UTF_8).equals("old");
                failed += old || Arrays.equals(after, complete) ? 0 : 1;
            }
        }
        Trust.row("C6-files", kills, failed, "export, plot and report");
        assertThat(failed).isZero();
    }

    @Test
    void signalSavesAndRunResumesToIdenticalWeights() throws Exception {
        Path uninterrupted = uninterrupted("fused");
        long slowest = 0;
        Map<String, Integer> numbers = Map.of("TERM", 15, "INT", 2, "HUP", 1);
        List<String> signals = new ArrayList<>();
        for (Map.Entry<String, Integer> number : numbers.entrySet()) {
            if (!isIgnored(number.getValue())) {
                signals.add(number.getKey());
            }
        }
        for (String signal : signals) {
            Path run = root.resolve("run-" + signal);
            Process process = start(training("fused"), "--out", run.toString());
            awaitMoment(run, process, false, 150);
            assertThat(process.isAlive()).isTrue();
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                    .start()
                    .waitFor();
            long sent = System.nanoTime();
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
            slowest = Math.max(slowest, System.nanoTime() - sent);
            assertThat(process.exitValue()).isEqualTo(128 + numbers.get(signal));
            assertThat(Files.readString(root.resolve("output.txt")))
                    .contains("stopped; resume with: resdensenet train --resume " + run)
                    .doesNotContain("SIGSEGV", "fatal error");
            assertThat(await(start(List.of("train", "--resume", run.toString()))))
                    .isZero();
            assertThat(outcome(run)).isEqualTo(outcome(uninterrupted));
        }
        Trust.row(
                "C9",
                signals.size(),
                0,
                "%.1f s until the exit".formatted(slowest / 1e9)
                        + (signals.size() == numbers.size()
                                ? ""
                                : "; tested: " + signals + ", the parent process ignores the others"));
    }

    /** Background jobs of a shell and their child processes ignore SIGINT (POSIX), those of nohup SIGHUP. */
    private static boolean isIgnored(int signal) throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return false;
        }
        int bit = 1 << (signal - 1);
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .anyMatch(line -> (Long.parseUnsignedLong(line.substring(7).strip(), 16) & bit) != 0);
    }

    @Test
    void secondSignalHaltsAtOnceAndRunResumesToIdenticalWeights() throws Exception {
        Path uninterrupted = uninterrupted("fused");
        Path run = root.resolve("run");
        Process process = start(training("fused"), "--out", run.toString());
        awaitMoment(run, process, false, 150);
        List<String> kill = List.of("kill", isIgnored(2) ? "-TERM" : "-INT", Long.toString(process.pid()));
        new ProcessBuilder(kill).start().waitFor();
        new ProcessBuilder(kill).start().waitFor(); // counts as the same signal
        Thread.sleep(350);
        new ProcessBuilder(kill).start().waitFor();
        assertThat(process.waitFor(2, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(isIgnored(2) ? 143 : 130);
        assertThat(await(start(List.of("train", "--resume", run.toString())))).isZero();
        assertThat(outcome(run)).isEqualTo(outcome(uninterrupted));
    }

    @Test
    void fullDiskIsReportedAndKeepsLastCheckpoint() throws Exception {
        Path run = root.resolve("run");
        Process first = start(training("fused"), "--out", run.toString());
        awaitMoment(run, first, false, 150);
        first.destroy();
        assertThat(await(first)).isEqualTo(143);
        // 32 KiB: more than the TensorBoard events, less than the optimiser's state
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -f 64; exec \"$@\"", "sh"));
        command.addAll(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName(),
                "train",
                "--resume",
                run.toString()));
        Process limited = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(limited.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(limited.waitFor()).as(output).isEqualTo(1);
        assertThat(output)
                .containsPattern(
                        "resdensenet: " + Pattern.quote(run + "/checkpoints/") + ".*(File too large|No space left)");
        int status = await(start(List.of("train", "--resume", run.toString())));
        Trust.row(
                "T3",
                1,
                status,
                output.lines()
                        .filter(l -> l.startsWith("resdensenet: "))
                        .findFirst()
                        .orElse("")
                        .replace(root + "/", ""));
        assertThat(status).isZero();
    }
}
