package io.github.resdensenet.cli;

import io.github.resdensenet.data.BuiltInData;
import io.github.resdensenet.engine.FusedTraining;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.run.Environment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Shows the software and hardware found on this machine, and what training will use.",
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet doctor          print one line per item",
            "  resdensenet doctor --check  also train, quantise and run a small model"
        })
final class DoctorCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "print one JSON object on one line (default: text)")
    private boolean json;

    @Option(
            names = "--check",
            description = "also train, quantise and run a small model, to check this installation (default: off)")
    private boolean check;

    @Override
    public Integer call() throws IOException {
        int threads = NativeSettings.apply(0);
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("java", System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ")");
        fields.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        fields.put("cpu", Environment.cpu() + ", " + Environment.cpuCapability());
        fields.put("threads", threads);
        fields.put("torch", Environment.torchVersion());
        fields.put("onednn", Environment.oneDnnVersion() + " in libtorch");
        fields.put("engine", FusedTraining.describe());
        fields.put("device", NativeSettings.describeDevices());
        fields.put("cache", caches());
        if (check) {
            fields.put("check", SelfCheck.run());
        }
        if (json) {
            spec.commandLine().getOut().println(Json.line(fields));
        } else {
            fields.forEach((key, value) -> spec.commandLine().getOut().printf("%-8s %s%n", key, value));
        }
        return 0;
    }

    private static String caches() {
        String folder = System.getProperty("org.bytedeco.javacpp.cachedir");
        Path natives = folder != null ? Path.of(folder) : Path.of(System.getProperty("user.home"), ".javacpp", "cache");
        return BuiltInData.cacheFolder() + " (built-in images; set RESDENSENET_CACHE to move it), " + natives
                + " (native libraries, 0.5 GB)";
    }
}
