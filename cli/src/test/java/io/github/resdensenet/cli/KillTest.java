package io.github.resdensenet.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.checkpoint.Digest;
import io.github.resdensenet.testkit.Pictures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/**
 * Kills real processes of the real command at random moments and compares what they come to with an unbroken run.
 *
 * <p>{@code -Dkills=200} is the long form.
 */
@DisabledOnOs(OS.WINDOWS)
class KillTest {
    private static final int KILLS = Integer.getInteger("kills", 20);

    @TempDir
    private Path root;

    private List<String> training(String engine) {
        return List.of(
                "train",
                "--data",
                root.resolve("data").toString(),
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
                "8",
                "--threads",
                "2",
                "--seed",
                "7");
    }

    private Process start(List<String> arguments, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName()));
        command.addAll(arguments);
        command.addAll(List.of(more));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        root.resolve("output.txt").toFile()))
                .start();
    }

    private int await(Process process) throws Exception {
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        return process.exitValue();
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

    /** Waits for the run folder, then for a random moment, or until a checkpoint is being written. */
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
    void killedAnywhereItComesToTheSameBytes() throws Exception {
        Pictures.folder(root.resolve("data"), 40, 40, "夜", "day");
        Random random = new Random(1);
        int kills = 0;
        int whileSaving = 0;
        int failed = 0;
        for (String engine : List.of("fused", "reference")) {
            Path unbroken = root.resolve("unbroken-" + engine);
            Process whole = start(training(engine), "--out", unbroken.toString());
            awaitMoment(unbroken, whole, false, 0);
            long begun = System.nanoTime();
            assertThat(await(whole))
                    .as(() -> "see " + root.resolve("output.txt"))
                    .isZero();
            long span = Math.max(100, (System.nanoTime() - begun) / 1_500_000);
            for (int tries = 0, before = kills; kills < before + KILLS / 2; tries++) {
                assertThat(tries).isLessThan(KILLS * 2);
                Path run = root.resolve("run-" + engine + tries);
                Process process = start(training(engine), "--out", run.toString());
                boolean aimed = kills % 5 == 0;
                awaitMoment(run, process, aimed, random.nextLong(span));
                boolean alive = process.isAlive();
                process.destroyForcibly().waitFor();
                kills += alive ? 1 : 0;
                whileSaving += alive && aimed ? 1 : 0;
                int status = await(start(List.of("train", "--resume", run.toString())));
                if (status != 0 || !outcome(run).equals(outcome(unbroken))) {
                    failed++;
                }
            }
        }
        String line = JsonMapper.shared()
                .writeValueAsString(java.util.Map.of("test", "C6", "n", kills, "failed", failed, "aimed", whileSaving));
        System.out.println(line);
        assertThat(failed).as(Files.readString(root.resolve("output.txt"))).isZero();
    }

    @Test
    void aSignalSavesAndTheRunGoesOnExactly() throws Exception {
        Pictures.folder(root.resolve("data"), 40, 40, "夜", "day");
        Path unbroken = root.resolve("unbroken");
        assertThat(await(start(training("auto"), "--out", unbroken.toString()))).isZero();
        for (String signal : List.of("TERM", "INT")) {
            Path run = root.resolve("run-" + signal);
            Process process = start(training("auto"), "--out", run.toString());
            awaitMoment(run, process, false, 150);
            assertThat(process.isAlive()).isTrue();
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                    .start()
                    .waitFor();
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(signal.equals("TERM") ? 143 : 130);
            assertThat(Files.readString(root.resolve("output.txt")))
                    .contains("stopped; go on with: resdensenet train --resume " + run)
                    .doesNotContain("SIGSEGV", "fatal error");
            assertThat(await(start(List.of("train", "--resume", run.toString()))))
                    .isZero();
            assertThat(outcome(run)).isEqualTo(outcome(unbroken));
        }
    }

    @Test
    void aDiskThatIsFullIsNamedAndSparesTheLastGoodCheckpoint() throws Exception {
        Pictures.folder(root.resolve("data"), 40, 40, "夜", "day");
        Path run = root.resolve("run");
        Process first = start(training("auto"), "--out", run.toString());
        awaitMoment(run, first, false, 150);
        first.destroy();
        assertThat(await(first)).isEqualTo(143);
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -f 8; exec \"$@\"", "sh"));
        command.addAll(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName(),
                "train",
                "--resume",
                run.toString()));
        Process limited = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(limited.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(limited.waitFor()).as(said).isEqualTo(1);
        assertThat(said).containsPattern("resdensenet: .*(File too large|No space left)");
        assertThat(await(start(List.of("train", "--resume", run.toString())))).isZero();
    }
}
