package io.github.resdensenet.compare;

import io.github.resdensenet.compare.Comparison.Listener;
import java.util.ArrayList;
import java.util.List;

/** Collects the progress, counts training steps, and stops after a given number of them. */
final class Steps implements Listener {
    final List<String> begun = new ArrayList<>();
    final List<String> remarks = new ArrayList<>();
    int steps;
    int stopAfter = Integer.MAX_VALUE;
    Runnable stop = () -> {};

    @Override
    public void begin(String what, int number, int of) {
        begun.add(number + "/" + of + " " + what);
    }

    @Override
    public void remark(String line) {
        remarks.add(line);
    }

    @Override
    public void step(int epoch, int epochs, int step, int of, double loss, double imagesPerSecond) {
        if (++steps == stopAfter) {
            stop.run();
        }
    }
}
