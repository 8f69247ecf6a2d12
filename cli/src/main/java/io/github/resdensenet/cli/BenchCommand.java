package io.github.resdensenet.cli;

import io.github.resdensenet.benchmark.Benchmark;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {
            "Times training steps and inference on random images, or real training steps on --data.",
            "Runs on the CPU and prints one JSON object on one line, with times in milliseconds per batch.",
            "The defaults below are those of --recipe default. Another recipe may set other values."
        },
        abbreviateSynopsis = true,
        sortOptions = false,
        modelTransformer = OptionGroups.class,
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet bench --threads 2      time the default model on random images",
            "  resdensenet bench --data fashion3  time training on the built-in images"
        })
final class BenchCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RecipeOptions options = new RecipeOptions();

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "time training on this image folder with one subfolder per class, or on fashion3 for the"
                    + " built-in set (default: random images)")
    private @Nullable Path data;

    @Option(names = "--image-size", paramLabel = "N", description = "image height and width in pixels (default: 224)")
    private @Nullable String imageSize;

    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "number of timed steps; with --data, the first epoch always runs to its end (default: 20)")
    private int steps = 20;

    @Option(names = "--warmup", paramLabel = "N", description = "number of untimed steps before them (default: 5)")
    private int warmup = 5;

    @Option(
            names = "--profile",
            description = "also print the time per kind of operation of a training step in milliseconds, for random"
                    + " images only (default: off)")
    private boolean profile;

    @Override
    public Integer call() throws Exception {
        Benchmark benchmark = new Benchmark(options.resolve(data, imageSize), steps, warmup, profile);
        spec.commandLine().getOut().println(Json.line(data != null ? benchmark.onData() : benchmark.onTensors()));
        return 0;
    }
}
