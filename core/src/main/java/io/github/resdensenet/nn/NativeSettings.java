package io.github.resdensenet.nn;

import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;

/** The one place where process-wide settings of libtorch are made. */
public final class NativeSettings {
    static {
        torch.globalContext().setUserEnabledNNPACK(false); // else it warns at every layer where it is not supported
    }

    private NativeSettings() {}

    /**
     * Sets the number of compute threads, and lets numbers too small for full precision be 0.
     *
     * @param threads how many, or 0 for one a processor
     * @return how many were set
     */
    public static int apply(int threads) {
        int n = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        torch.set_num_threads(n);
        Context.setFlushDenormal(true);
        return n;
    }

    /** Lets the calling thread compute alone; {@link #apply} afterwards, in another, sets the number for those to come. */
    public static void useOneThreadHere() {
        torch.set_num_threads(1);
        Context.setFlushDenormal(true);
    }

    /** Makes the settings that do not depend on anything. */
    static void ensure() {
        // the static block has run
    }

    /**
     * Finds the device to compute on.
     *
     * @param wish "auto", "cpu" or "cuda"
     * @throws IllegalArgumentException if there is no such device here
     */
    public static Device device(String wish) {
        return switch (wish) {
            case "auto" -> new Device(Context.hasCUDA() ? "cuda" : "cpu");
            case "cpu" -> new Device("cpu");
            case "cuda" -> {
                if (!Context.hasCUDA()) {
                    throw new IllegalArgumentException(
                            "--device cuda: this libtorch sees no CUDA device; build with -Pgpu, or use --device cpu");
                }
                yield new Device("cuda");
            }
            default -> throw new IllegalArgumentException("--device must be auto, cpu or cuda, got " + wish);
        };
    }

    /** Which device "auto" is, and why. */
    public static String describeDevices() {
        return Context.hasCUDA() ? "cuda: libtorch sees a CUDA device" : "cpu: this libtorch sees no CUDA device";
    }
}
