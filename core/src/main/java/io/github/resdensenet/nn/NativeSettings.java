package io.github.resdensenet.nn;

import io.github.resdensenet.util.Choices;
import io.github.resdensenet.util.NativeCache;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;

/** Process-wide settings of libtorch: threads, denormal numbers and devices. */
public final class NativeSettings {
    static {
        NativeCache.prepare(torch.class);
        torch.globalContext().setUserEnabledNNPACK(false); // it logs a warning per layer on unsupported processors
    }

    private NativeSettings() {}

    /**
     * Sets the number of compute threads, and flushes denormal numbers to 0.
     *
     * @param threads number of threads, or 0 for one per processor
     * @return the number of threads that was set
     */
    public static int apply(int threads) {
        int n = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        torch.set_num_threads(n);
        Context.setFlushDenormal(true);
        return n;
    }

    /**
     * Makes libtorch and oneDNN use one thread for the calling thread. Call {@link #apply} in another thread afterwards
     * to restore the number for threads that are created later.
     */
    public static void useOneThreadHere() {
        torch.get_num_threads(); // libtorch sets a new thread's number on first use, which must not come later
        torch.set_num_threads(1);
        Context.setFlushDenormal(true);
    }

    /** Runs an action for which libtorch and oneDNN use only the calling thread. */
    public static void onOneThread(Runnable action) {
        onOneThread(() -> {
            action.run();
            return true;
        });
    }

    /** Computes a result for which libtorch and oneDNN use only the calling thread. */
    public static <T> T onOneThread(Supplier<T> computation) {
        int threads = torch.get_num_threads();
        torch.set_num_threads(1);
        try {
            return computation.get();
        } finally {
            torch.set_num_threads(threads);
        }
    }

    /** Applies the settings that have no parameters. */
    static void ensure() {
        // loading the class runs the static initialiser
    }

    /** The device to compute on. */
    public enum DeviceChoice {
        /** CUDA if a device is available, otherwise the CPU. */
        AUTO,
        /** The CPU. */
        CPU,
        /** An NVIDIA GPU. This needs a build with {@code -Pgpu}. */
        CUDA;

        @Override
        public String toString() {
            return Choices.label(this);
        }
    }

    /**
     * Returns the device to compute on.
     *
     * @throws IllegalArgumentException if CUDA is chosen and no CUDA device is available
     */
    public static Device device(DeviceChoice choice) {
        if (choice == DeviceChoice.CUDA && !Context.hasCUDA()) {
            throw new IllegalArgumentException(
                    "--device cuda: libtorch finds no CUDA device; build with -Pgpu, or use --device cpu");
        }
        return new Device(choice != DeviceChoice.CPU && Context.hasCUDA() ? "cuda" : "cpu");
    }

    /** The device that "auto" chooses, and the reason. */
    public static String describeDevices() {
        return Context.hasCUDA() ? "cuda: libtorch finds a CUDA device" : "cpu: libtorch finds no CUDA device";
    }
}
