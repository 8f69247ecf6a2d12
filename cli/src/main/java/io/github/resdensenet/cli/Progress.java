package io.github.resdensenet.cli;

import java.io.PrintWriter;
import picocli.CommandLine.Help.Ansi;

/** A progress line on stderr: redrawn in place on a terminal, printed every 15 seconds otherwise. */
final class Progress {
    private static final int WIDTH = 24;
    private static final long REDRAW_NANOS = 100_000_000L;
    private static final long PLAIN_NANOS = 15_000_000_000L;

    private final PrintWriter err;
    private final boolean terminal;
    private long lastDrawn;
    private int drawn;

    Progress(PrintWriter err) {
        this(err, Boolean.getBoolean("resdensenet.terminal"));
    }

    Progress(PrintWriter err, boolean terminal) {
        this.err = err;
        this.terminal = terminal;
        this.lastDrawn = System.nanoTime();
    }

    /** Shows that {@code done} of {@code total} items are completed, with a remark after the bar. */
    synchronized void show(String what, long done, long total, String remark) {
        long now = System.nanoTime();
        boolean last = done >= total;
        if (now - lastDrawn < (terminal ? REDRAW_NANOS : PLAIN_NANOS) && !(last && terminal)) {
            return;
        }
        lastDrawn = now;
        if (!terminal) {
            err.println(what + " " + done + "/" + total + (remark.isEmpty() ? "" : "  " + remark));
            return;
        }
        int filled = total == 0 ? WIDTH : (int) (WIDTH * done / total);
        String bar = "=".repeat(filled) + " ".repeat(WIDTH - filled);
        String line = what + " [" + bar + "] " + done + "/" + total + (remark.isEmpty() ? "" : "  " + remark);
        String colored = System.getenv("NO_COLOR") == null
                ? Ansi.ON.string(what + " [@|cyan " + bar + "|@] ") + done + "/" + total
                        + (remark.isEmpty() ? "" : "  " + remark)
                : line;
        err.print("\r" + colored + " ".repeat(Math.max(0, drawn - line.length())));
        err.flush();
        drawn = line.length();
    }

    /** Erases the line so that other text can be printed. */
    synchronized void clear() {
        if (terminal && drawn > 0) {
            err.print("\r" + " ".repeat(drawn) + "\r");
            err.flush();
            drawn = 0;
        }
    }

    /** Formats a duration as m:ss, or as h:mm:ss from one hour on. */
    static String time(double seconds) {
        long s = Math.round(seconds);
        return s >= 3600
                ? "%d:%02d:%02d".formatted(s / 3600, s / 60 % 60, s % 60)
                : "%d:%02d".formatted(s / 60, s % 60);
    }
}
