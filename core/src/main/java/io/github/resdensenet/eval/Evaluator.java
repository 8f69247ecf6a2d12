package io.github.resdensenet.eval;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.data.DataLoader;
import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.engine.Inference;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/** Computes the outputs of a model for the images of a loader, as the mean over the views of each image. */
final class Evaluator {

    private final Inference inference;
    private final List<String> classes;
    private final double labelSmoothing;

    /**
     * Creates an evaluator of a model.
     *
     * @param inference the model, for images of the size that the loader makes
     * @param labelSmoothing fraction of the target that the reported loss spreads over all classes, 0 to below 1
     */
    public Evaluator(Inference inference, List<String> classes, double labelSmoothing) {
        this.inference = inference;
        this.classes = List.copyOf(classes);
        this.labelSmoothing = labelSmoothing;
    }

    /**
     * The model's outputs, in the loader's order.
     *
     * @param loader each of its epochs has one view of every image, in the same order
     * @param views the number of views per image, whose logits are averaged
     * @param progress receives the number of images done; with several views, the images times the fraction of views done
     */
    public ModelOutputs outputs(DataLoader loader, int views, IntConsumer progress) {
        List<Sample> samples = new ArrayList<>();
        List<MeanLogits> logits = new ArrayList<>();
        int done = 0;
        for (int view = 0; view < views; view++) {
            int image = 0;
            for (Batch batch : loader.epoch(view, 0)) {
                try (batch) {
                    float[] values = inference.logits(batch.pixels(), batch.count());
                    for (int i = 0; i < batch.count(); i++, image++) {
                        if (view == 0) {
                            samples.add(loader.sample(batch.indices()[i]));
                            logits.add(new MeanLogits(classes.size()));
                        }
                        logits.get(image).add(values, i);
                    }
                }
                done += batch.count();
                progress.accept(done / views);
            }
        }
        double[][] means = logits.stream().map(MeanLogits::mean).toArray(double[][]::new);
        return new ModelOutputs(classes, samples, List.of(), means, labelSmoothing, loader.batchSize());
    }
}
