package io.github.resdensenet.cli;

import io.github.resdensenet.benchmark.Benchmark;
import java.nio.file.Path;
import java.util.Map;
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
            "Times training steps and inference on random images. With --data, times training steps on your images.",
            "With --precision int8, only inference is timed, not training; --data, --profile and --beside are then not allowed.",
            "Runs on the CPU and prints one JSON object on one line. Times per batch are in milliseconds.",
            "The defaults below are those of recipe default. Other recipes may set other values."
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
            description = "time training steps, including data loading, on this image folder with one subfolder per"
                    + " class; fashion3 means the built-in images (default: random images)")
    private @Nullable Path data;

    @Option(
            names = "--image-size",
            paramLabel = "N",
            description = "image height and width in pixels (default: 224, also for fashion3)")
    private @Nullable String imageSize;

    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "number of timed steps. With --data, the first epoch is always completed, even if fewer steps"
                    + " would be enough (default: 20)")
    private int steps = 20;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            description = "number of untimed steps before the timed steps (default: 5)")
    private int warmup = 5;

    @Option(
            names = "--profile",
            description = "also print the time per kind of operation of a training step, computed on one thread, in"
                    + " milliseconds; for random images only (default: off)")
    private boolean profile;

    @Option(
            names = "--beside",
            paramLabel = "N",
            description = "also time training steps beside N processes that each keep one core busy; for random images"
                    + " only (default: 0)")
    private int beside;

    @Override
    public Integer call() throws Exception {
        boolean int8 = options.takeInt8();
        if (int8 && (data != null || profile || beside > 0)) {
            throw new IllegalArgumentException(
                    "--precision int8 is for inference; --data, --profile and --beside time training steps");
        }
        Benchmark benchmark = new Benchmark(options.resolve(data, imageSize), steps, warmup, profile, beside);
        Map<String, Object> result =
                int8 ? benchmark.inInt8() : data != null ? benchmark.onData() : benchmark.onTensors();
        spec.commandLine().getOut().println(Json.line(result));
        return 0;
    }
}
