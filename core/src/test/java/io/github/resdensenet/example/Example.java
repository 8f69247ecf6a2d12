package io.github.resdensenet.example;

import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;

/** The code examples of the README. */
final class Example {
    private Example() {}

    static void train() throws IOException {
        Run run = Trainer.train(Recipe.defaults().withData(Path.of("photos")), Path.of("runs/photos"));

        try (Classifier classifier = Classifier.load(run.folder())) {
            Prediction p = classifier.classify(Path.of("photo.jpg"));
            System.out.println(p.className() + " " + p.probability());
        }
    }
}
