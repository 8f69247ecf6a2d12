package io.github.resdensenet.eval;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.data.DataLoader;
import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.engine.Inference;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/** Computes the outputs of a model for the images of a loader. */
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
     * The model's outputs for one pass over the loader, in the loader's order.
     *
     * @param progress receives the number of images done
     */
    public ModelOutputs outputs(DataLoader loader, IntConsumer progress) {
        List<Sample> samples = new ArrayList<>();
        List<double[]> logits = new ArrayList<>();
        for (Batch batch : loader.epoch(0, 0)) {
            try (batch) {
                float[] values = inference.logits(batch.pixels(), batch.count());
                for (int i = 0; i < batch.count(); i++) {
                    double[] row = new double[classes.size()];
                    for (int c = 0; c < row.length; c++) {
                        row[c] = values[i * row.length + c];
                    }
                    logits.add(row);
                    samples.add(loader.sample(batch.samples()[i]));
                }
            }
            progress.accept(samples.size());
        }
        return new ModelOutputs(
                classes, samples, List.of(), logits.toArray(double[][]::new), labelSmoothing, loader.batchSize());
    }
}
