package io.github.resdensenet.cli;

import io.github.resdensenet.train.Benchmark;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Times a training step and an inference on random images; with --data, real training steps.")
final class BenchCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RecipeOptions options = new RecipeOptions();

    @Option(names = "--steps", paramLabel = "N", description = "timed steps (default: 20)")
    private int steps = 20;

    @Option(names = "--warmup", paramLabel = "N", description = "steps before them (default: 5)")
    private int warmup = 5;

    @Option(names = "--profile", description = "also say where the time of a step goes, in milliseconds")
    private boolean profile;

    @Override
    public Integer call() throws Exception {
        Benchmark benchmark = new Benchmark(options.resolve(), steps, warmup, profile);
        spec.commandLine().getOut().println(Json.line(options.hasData() ? benchmark.onData() : benchmark.onTensors()));
        return 0;
    }
}
