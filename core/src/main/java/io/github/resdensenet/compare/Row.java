package io.github.resdensenet.compare;

import io.github.resdensenet.run.History.EpochMetrics;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.util.Decimal;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * The results of one model under one recipe. Lists over seeds are in the order of the seeds.
 *
 * @param title display name of model and fusion
 * @param recipe "own" or "common"
 * @param settings complete recipe of the first seed
 * @param size size of the network
 * @param speed speed and memory of the network
 * @param runs names of the run folders: one per seed, or with folds one per seed and fold
 * @param classes class names by index
 * @param predictions predictions for the test images, one per seed; with folds, those of all images
 * @param macroF1s macro-averaged F1 on the test set, one per seed
 * @param histories metrics per epoch, one list per run
 */
record Row(
        String title,
        String recipe,
        Recipe settings,
        Size size,
        Speed speed,
        List<String> runs,
        List<String> classes,
        List<Predictions> predictions,
        List<Double> macroF1s,
        List<List<EpochMetrics>> histories) {
    /**
     * The size of a network, which does not depend on training.
     *
     * @param parameters number of weights and biases
     * @param macs multiply-accumulate operations per image
     * @param bytes size of the weights file in bytes
     * @param traits description of the architecture
     */
    record Size(long parameters, long macs, long bytes, Traits traits) {}

    /**
     * Speed and memory of a network, measured in a fresh process.
     *
     * @param engine engine and precision
     * @param imagesPerSecond training throughput in images per second
     * @param inferenceMs inference time in ms per image, measured on batches
     * @param peakMegabytes peak resident memory of the process in MiB; -1 if the system does not report it
     */
    record Speed(String engine, double imagesPerSecond, double inferenceMs, long peakMegabytes) {}

    /** Display name of model and recipe. */
    String name() {
        return title + " (" + recipe + ")";
    }

    List<Double> accuracies() {
        return predictions.stream().map(Predictions::accuracy).toList();
    }

    MeanInterval accuracy() {
        return MeanInterval.of(accuracies());
    }

    MeanInterval macroF1() {
        return MeanInterval.of(macroF1s);
    }

    /** Mean of one metric over the runs, per epoch. Runs that ended before an epoch do not count for it. */
    List<Double> curve(ToDoubleFunction<EpochMetrics> metric) {
        int epochs = histories.stream().mapToInt(List::size).max().orElse(0);
        return IntStream.range(0, epochs)
                .mapToObj(epoch -> histories.stream()
                        .filter(history -> epoch < history.size())
                        .mapToDouble(history -> metric.applyAsDouble(history.get(epoch)))
                        .average()
                        .orElseThrow())
                .toList();
    }

    /** Description of the data augmentation; "none" if there is none. */
    String augmentation() {
        return settings.augment().summary();
    }

    /** Description of the learning rate schedule. */
    String schedule() {
        Recipe.Train t = settings.train();
        return t.schedule() + " " + Decimal.plain(t.lr())
                + (t.schedule() == Recipe.Schedule.COSINE ? " to " + Decimal.plain(t.etaMin()) : "") + ", " + t.epochs()
                + " epochs";
    }

    /** Description of the regularisation; "none" if there is none. */
    String regularisation() {
        Recipe.Train t = settings.train();
        return either(
                t.labelSmoothing() > 0 ? "label smoothing " + Decimal.plain(t.labelSmoothing()) : "",
                t.weightDecay() > 0 ? "weight decay " + Decimal.plain(t.weightDecay()) : "");
    }

    private static String either(String first, String second) {
        String both = first + (first.isEmpty() || second.isEmpty() ? "" : ", ") + second;
        return both.isEmpty() ? "none" : both;
    }
}
