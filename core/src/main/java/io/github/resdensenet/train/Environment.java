package io.github.resdensenet.train;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** What this machine and program are. */
public final class Environment {
    private Environment() {}

    /** Versions, processor and threads: what equality to the bit depends on. Loads libtorch. */
    public static Map<String, String> describe(String engine, String device) {
        Map<String, String> all = new TreeMap<>();
        all.put("java", System.getProperty("java.version"));
        all.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        all.put("cpu", cpu());
        all.put("torch", torchVersion());
        all.put("threads", Integer.toString(torch.get_num_threads()));
        all.put("engine", engine);
        all.put("device", device);
        return all;
    }

    /** The version of libtorch and of its binding. */
    public static String torchVersion() {
        try {
            return Loader.getVersion("org.bytedeco", "pytorch", Tensor.class);
        } catch (IOException e) {
            return "unknown";
        }
    }

    /** The instruction set that libtorch's kernels use here. */
    public static String cpuCapability() {
        return torch.get_cpu_capability().getString();
    }

    /** The version of oneDNN inside libtorch. */
    public static String oneDnnVersion() {
        return torch.show_config()
                .getString()
                .lines()
                .filter(line -> line.contains("MKL-DNN"))
                .map(line -> line.replaceAll(".*MKL-DNN (v[0-9.]+).*", "$1"))
                .findFirst()
                .orElse("none");
    }

    /** The processor's name where the system tells it, else its architecture. */
    public static String cpu() {
        try {
            return Files.readString(Path.of("/proc/cpuinfo"), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException e) {
            return System.getProperty("os.arch");
        }
    }
}
