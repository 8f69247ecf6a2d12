package io.github.resdensenet.engine;

import io.github.resdensenet.util.NativeCache;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;

/** Loads libtorch and oneDNN. */
public final class NativeLibraries {
    private static final AtomicBoolean STARTED = new AtomicBoolean();

    private NativeLibraries() {}

    /**
     * Starts to load the libraries in another thread, which takes about a second. Their first use waits for it. A failure
     * is ignored here, because the first use meets it again.
     */
    public static void loadInBackground() {
        if (STARTED.getAndSet(true)) {
            return;
        }
        Thread loader = new Thread(
                () -> {
                    try {
                        NativeCache.prepare(torch.class);
                        NativeCache.prepare(dnnl.class);
                        Loader.load(torch.class);
                        Loader.load(dnnl.class);
                    } catch (LinkageError e) {
                        // reported by the first use
                    }
                },
                "native-libraries");
        loader.setDaemon(true);
        loader.start();
    }
}
