package io.github.resdensenet.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Describes the machine and the library versions. */
public final class Environment {
    private Environment() {}

    /**
     * Returns what bit-exact results can depend on: versions, processor, threads, engine and device. Loads libtorch.
     *
     * @param engine name of the training engine, or "none"
     * @param device the device, for example "cpu"
     */
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

    /** Returns the version of libtorch and its Java binding, or "unknown". */
    public static String torchVersion() {
        try {
            return Loader.getVersion("org.bytedeco", "pytorch", Tensor.class);
        } catch (IOException e) {
            return "unknown";
        }
    }

    /** Returns the instruction set that libtorch's kernels use on this machine. */
    public static String cpuCapability() {
        return torch.get_cpu_capability().getString();
    }

    /** Returns the version of oneDNN that libtorch contains, or "none". */
    public static String oneDnnVersion() {
        return torch.show_config()
                .getString()
                .lines()
                .filter(line -> line.contains("MKL-DNN"))
                .map(line -> line.replaceAll(".*MKL-DNN (v[0-9.]+).*", "$1"))
                .findFirst()
                .orElse("none");
    }

    /** Returns the processor's name from /proc/cpuinfo, or the architecture on other systems. */
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
