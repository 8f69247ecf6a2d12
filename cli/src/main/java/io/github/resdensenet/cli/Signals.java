package io.github.resdensenet.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Handles SIGINT (Ctrl-C), SIGTERM, and SIGHUP (the terminal is closed) unless nohup blocks it. The first signal runs the action set by {@link #onNext}, which asks the command to
 * save and stop. Without an action, on a second signal, and 8 seconds after the first, the process halts at once. It
 * skips the regular exit, which would unload the native libraries while their threads still run. Files are written
 * atomically, so none is left incomplete.
 */
public final class Signals {
    private static final int TERMINATED = 143;
    private static final Map<String, Integer> CODES = Map.of("HUP", 129, "INT", 130, "TERM", TERMINATED);
    private static final AtomicReference<@Nullable Runnable> STOP = new AtomicReference<>();
    /** Signals within this time count as one: timeout(1) signals both the process and its group. */
    private static final long SAME_NANOS = 300_000_000L;

    /** Time to save and stop. */
    private static final long GRACE_MILLIS = 8_000;

    private static final long PRINT_MILLIS = 200;

    private static volatile int received;
    private static long lastNanos;

    private Signals() {}

    /** Installs the handlers. */
    public static void install() {
        CODES.forEach((name, code) -> handle(name, () -> receive(code)));
    }

    /** Sets what SIGHUP runs instead of stopping the program. Without SIGHUP, as on Windows, nothing is set. */
    static void onHangUp(Runnable action) {
        handle("HUP", action);
    }

    /** Handles a signal, if the system has it. Uses reflection because javac warns about sun.misc.Signal, which every JDK has. */
    private static void handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object receiver = Proxy.newProxyInstance(
                    Signals.class.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                        action.run();
                        return null;
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), receiver);
        } catch (InvocationTargetException e) {
            if (!(e.getCause() instanceof IllegalArgumentException)) { // thrown for an unknown signal
                throw new IllegalStateException(e);
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
            haltLater(code);
            stop.run();
        }
    }

    /** Halts the process if the command does not stop soon, for example while it builds a large network. */
    private static void haltLater(int code) {
        startDaemon(() -> {
            sleep(GRACE_MILLIS);
            // nobody may read what is printed, and then println waits for ever
            startDaemon(() -> System.err.println(
                    "resdensenet: stopped before the current work was finished; the last checkpoint is kept"));
            sleep(PRINT_MILLIS);
            Runtime.getRuntime().halt(code);
        });
    }

    private static void startDaemon(Runnable work) {
        Thread thread = new Thread(work);
        thread.setDaemon(true);
        thread.start();
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Sets what the next signal runs instead of halting the process. */
    public static void onNext(Runnable stop) {
        STOP.set(stop);
    }

    /** The exit code of a command that was stopped: that of SIGTERM if another process has received the signal. */
    static int exitCode() {
        return received != 0 ? received : TERMINATED;
    }
}
