package com.example;

import io.github.resdensenet.data.ImageFolder;
import io.github.resdensenet.export.ModelInput;
import io.github.resdensenet.export.ModelPrecision;
import io.github.resdensenet.export.OnnxExport;
import io.github.resdensenet.export.OnnxOptions;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.serve.ImageServer;
import io.github.resdensenet.serve.ServeOptions;
import io.github.resdensenet.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Trains on an image folder, classifies images, exports the model and serves it. */
public final class Photos {
    private Photos() {}

    public static void main(String[] args) throws Exception {
        if (args.length < 2 || (args.length < 3 && !args[0].equals("serve"))) {
            System.err.println("usage: photos train DATA RUN | classify RUN IMAGE... | export RUN FILE | serve RUN");
            System.exit(2);
        }
        Path first = Path.of(args[1]);
        switch (args[0]) {
            case "train" -> train(first, Path.of(args[2]));
            case "classify" -> classify(first, List.of(args).subList(2, args.length));
            case "export" -> export(first, Path.of(args[2]));
            case "serve" -> serve(first);
            default -> throw new IllegalArgumentException("unknown command " + args[0]);
        }
    }

    private static void train(Path data, Path out) throws IOException {
        Recipe recipe = Recipe.builtIn("fast").withData(data).with("train.seed", "7");
        Run run = Trainer.train(recipe, out);
        System.out.println(Files.readString(run.file("history.csv")));
    }

    private static void classify(Path run, List<String> inputs) throws IOException {
        try (Classifier classifier = Classifier.load(run)) {
            for (String input : inputs) {
                Path path = Path.of(input);
                for (Path image : Files.isDirectory(path) ? ImageFolder.images(path) : List.of(path)) {
                    Prediction prediction = classifier.classify(image);
                    System.out.println(image + ": " + prediction.className() + " " + prediction.probability());
                }
            }
        }
    }

    private static void export(Path run, Path file) throws IOException {
        OnnxOptions options = new OnnxOptions(ModelInput.PIXELS, ModelPrecision.FP32, null);
        System.out.println(OnnxExport.write(Run.open(run), options, file));
    }

    private static void serve(Path run) throws Exception {
        try (ImageServer server = ImageServer.start(List.of(run), ServeOptions.onPort(8080), System.err::println)) {
            System.out.println("Open " + server.address());
            server.join();
        }
    }
}
