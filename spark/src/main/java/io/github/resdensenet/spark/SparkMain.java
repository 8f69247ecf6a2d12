package io.github.resdensenet.spark;

import io.github.resdensenet.cli.Main;
import io.github.resdensenet.cli.Signals;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The commands {@code spark-train} and {@code spark-score}; also the main class for {@code spark-submit}. */
@Command(
        name = "resdensenet",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Trains and runs image classifiers on Apache Spark.",
        subcommands = {SparkTrainCommand.class, SparkScoreCommand.class})
public final class SparkMain implements Runnable {
    @Spec
    private CommandSpec spec;

    /** Runs the command and exits. */
    public static void main(String[] args) {
        SparkNatives.prepare();
        Signals.install();
        Main.exit(new CommandLine(new SparkMain()), args);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing: spark-train or spark-score");
    }
}
