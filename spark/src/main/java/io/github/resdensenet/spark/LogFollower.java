package io.github.resdensenet.spark;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Prints the lines of a run's log as the first task writes them. */
final class LogFollower implements AutoCloseable {
    private static final long POLL_MILLIS = 500;

    private final Path file;
    private final PrintWriter out;
    private final Thread thread;
    private int printed;

    LogFollower(Path file, PrintWriter out) {
        this.file = file;
        this.out = out;
        thread = new Thread(this::follow, "log");
        thread.setDaemon(true);
        thread.start();
    }

    private void follow() {
        try {
            while (true) {
                Thread.sleep(POLL_MILLIS);
                lines().forEach(out::println);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    /** Does not print the lines that the log has now. */
    void skip() {
        lines();
    }

    private synchronized List<String> lines() {
        try {
            List<String> all = Files.readAllLines(file);
            List<String> more = all.subList(Math.min(printed, all.size()), all.size());
            printed = all.size();
            return more;
        } catch (IOException e) {
            return List.of(); // no log yet
        }
    }

    @Override
    public void close() {
        thread.interrupt();
        lines().forEach(out::println);
    }
}
