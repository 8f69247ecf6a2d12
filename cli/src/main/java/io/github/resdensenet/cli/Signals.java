package io.github.resdensenet.cli;

import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Ctrl-C and SIGTERM. What runs is asked to stop where it has something to save; else, and on the second signal, the
 * process ends at once, without the usual exit: that would take the native library down under its own threads. Files are
 * whole at every moment anyway.
 */
final class Signals {
    private static final Map<String, Integer> CODES = Map.of("INT", 130, "TERM", 143);
    private static final AtomicReference<@Nullable Runnable> STOP = new AtomicReference<>();
    /** Who sends a signal to a process and to its group, as timeout(1) does, means one. */
    private static final long SAME_NANOS = 300_000_000L;

    private static volatile int received;
    private static long lastNanos;

    private Signals() {}

    /** Takes the signals over. By reflection, since the compiler warns of sun.misc.Signal, which every JDK has. */
    static void install() {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            for (Map.Entry<String, Integer> code : CODES.entrySet()) {
                Object receiver = Proxy.newProxyInstance(
                        Signals.class.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                            receive(code.getValue());
                            return null;
                        });
                signal.getMethod("handle", signal, handler)
                        .invoke(null, signal.getConstructor(String.class).newInstance(code.getKey()), receiver);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static synchronized void receive(int code) {
        long now = System.nanoTime();
        if (received != 0 && now - lastNanos < SAME_NANOS) {
            return;
        }
        lastNanos = now;
        Runnable stop = STOP.getAndSet(null);
        received = code;
        if (stop == null) {
            Runtime.getRuntime().halt(code);
        } else {
            stop.run();
        }
    }

    /** What the next signal does instead of ending the process. */
    static void onNext(Runnable stop) {
        STOP.set(stop);
    }

    /** The exit code of the signal that came. */
    static int exitCode() {
        return received;
    }
}
