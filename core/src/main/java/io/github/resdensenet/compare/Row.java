package io.github.resdensenet.compare;

import io.github.resdensenet.nn.Traits;
import io.github.resdensenet.train.EpochMetrics;
import io.github.resdensenet.train.Recipe;
import java.math.BigDecimal;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * One model under one recipe.
 *
 * @param title model and fusion in print
 * @param recipe "own" or "common"
 * @param settings the recipe of its first seed
 * @param size what the network is, without training
 * @param speed what the network takes
 * @param runs names of its run folders, seed by seed
 * @param classes class names by index
 * @param predictions answers for the test pictures, seed by seed
 * @param macroF1s unweighted mean of F1 over the classes on the test pictures, seed by seed
 * @param histories epochs, seed by seed
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
     * What follows from the network alone.
     *
     * @param parameters weights and biases
     * @param macs multiplications of weights and inputs for one picture
     * @param bytes size of the weights' file
     * @param traits what cannot be measured
     */
    record Size(long parameters, long macs, long bytes, Traits traits) {}

    /**
     * What the network takes, measured in a fresh process.
     *
     * @param engine what computed it
     * @param imagesPerSecond pictures a second in training steps
     * @param inferenceMs milliseconds a picture of a batch
     * @param peakMegabytes largest resident size of the process in MiB; -1 where the system does not tell
     */
    record Speed(String engine, double imagesPerSecond, double inferenceMs, long peakMegabytes) {}

    /** Model and recipe in print. */
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

    /** Mean over the seeds of one figure of each epoch. */
    List<Double> curve(ToDoubleFunction<EpochMetrics> figure) {
        return IntStream.range(0, histories.get(0).size())
                .mapToObj(epoch -> histories.stream()
                        .mapToDouble(history -> figure.applyAsDouble(history.get(epoch)))
                        .average()
                        .orElseThrow())
                .toList();
    }

    /** The recipe's random changes of pictures, in words. */
    String augmentation() {
        Recipe.Augment a = settings.augment();
        String flip = a.horizontalFlip() > 0 ? "flip " + number(a.horizontalFlip()) : "";
        String jitter = a.brightness() + a.contrast() + a.saturation() > 0
                ? "jitter %s/%s/%s".formatted(number(a.brightness()), number(a.contrast()), number(a.saturation()))
                : "";
        return either(flip, jitter);
    }

    /** The recipe's learning rate, in words. */
    String schedule() {
        Recipe.Train t = settings.train();
        return t.schedule() + " " + number(t.lr()) + (t.schedule().equals("cosine") ? " to " + number(t.etaMin()) : "")
                + ", " + t.epochs() + " epochs";
    }

    /** The recipe's regularisation, in words. */
    String regularisation() {
        Recipe.Train t = settings.train();
        return either(
                t.labelSmoothing() > 0 ? "label smoothing " + number(t.labelSmoothing()) : "",
                t.weightDecay() > 0 ? "weight decay " + number(t.weightDecay()) : "");
    }

    /** As one writes it in a recipe: without exponent or needless zeros. */
    private static String number(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }

    private static String either(String first, String second) {
        String both = first + (first.isEmpty() || second.isEmpty() ? "" : ", ") + second;
        return both.isEmpty() ? "none" : both;
    }
}
