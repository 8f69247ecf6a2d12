package io.github.resdensenet.cli;

import io.github.resdensenet.data.BuiltInData;
import io.github.resdensenet.data.ImageFolder;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Decimal;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import picocli.CommandLine;

/** Checks an installation: trains, quantises and applies a small model in a temporary folder. */
final class SelfCheck {
    private static final int IMAGES_PER_CLASS = 10;

    private SelfCheck() {}

    /**
     * Runs the check.
     *
     * @return the result in words
     * @throws IOException if a command failed, with its message
     */
    static String run() throws IOException {
        long start = System.nanoTime();
        Path folder = Files.createTempDirectory("resdensenet-check-");
        try {
            Path data = folder.resolve(BuiltInData.FASHION3);
            BuiltInData.writeSamples(folder, IMAGES_PER_CLASS);
            String image = ImageFolder.images(data).get(0).toString();
            String run = folder.resolve("run").toString();
            command("train", "--data", data.toString(), "--out", run, "--epochs", "1", "--image-size", "32");
            command("predict", run, image, "--json");
            String quantized = "";
            if (has8Bits()) {
                command("quantize", run, "--images", "6");
                command("predict", run, image, "--json", "--precision", InferencePrecision.INT8.toString());
                quantized = ", quantised";
            }
            return "trained" + quantized + " and applied a small model in "
                    + Decimal.fixed((System.nanoTime() - start) / 1e9, 1) + " s";
        } finally {
            AtomicFiles.deleteTree(folder);
        }
    }

    private static boolean has8Bits() {
        try {
            Inference.require(InferencePrecision.INT8);
            return true;
        } catch (UnsupportedOperationException | LinkageError e) {
            return false;
        }
    }

    private static void command(String... args) throws IOException {
        StringWriter err = new StringWriter();
        int status = Main.run(new PrintWriter(new StringWriter()), new PrintWriter(err), args);
        if (status > CommandLine.ExitCode.USAGE) { // a signal
            throw new CancellationException("stopped");
        }
        if (status != 0) {
            String last = err.toString().strip().lines().reduce((a, b) -> b).orElse("");
            throw new IOException("the check failed: " + args[0] + ": " + last.replaceFirst("^resdensenet: ", ""));
        }
    }
}
