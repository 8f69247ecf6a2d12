package io.github.resdensenet.cli;

import io.github.resdensenet.compare.Comparison.Listener;
import io.github.resdensenet.run.History.EpochMetrics;
import io.github.resdensenet.util.Decimal;
import io.github.resdensenet.util.Text;
import java.io.PrintWriter;

/** Reports the current one of several training runs on stderr. */
final class TaskConsole implements Listener {
    private final PrintWriter err;
    private final Progress progress;
    private String task = "";

    TaskConsole(PrintWriter err) {
        this.err = err;
        this.progress = new Progress(err);
    }

    @Override
    public void begin(String what, int number, int of) {
        task = number + "/" + of + " " + what;
        print(task);
    }

    @Override
    public void remark(String line) {
        print(line);
    }

    private void print(String line) {
        progress.clear();
        err.println(Text.printable(line));
    }

    @Override
    public void step(int epoch, int epochs, int batch, int batches, double loss, double imagesPerSecond) {
        progress.show(
                "%s, epoch %d/%d".formatted(task, epoch, epochs),
                batch,
                batches,
                "loss %s  %s images/s".formatted(Decimal.fixed(loss, 3), Decimal.fixed(imagesPerSecond, 0)));
    }

    @Override
    public void epoch(EpochMetrics metrics) {
        print(metrics.line());
    }
}
