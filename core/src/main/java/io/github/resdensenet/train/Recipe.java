package io.github.resdensenet.train;

import io.github.resdensenet.data.BuiltInData;
import io.github.resdensenet.data.Split;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.transforms.Compose;
import io.github.resdensenet.transforms.Preprocessing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Everything that decides a training run. A YAML file with the same keys says the same, see {@link RecipeFile}.
 *
 * @param model the network
 * @param data the pictures and how they are dealt out
 * @param augment random changes of the training pictures
 * @param train the training itself
 */
public record Recipe(ModelConfig model, Data data, Augment augment, Train train) {
    /** The built-in recipes. */
    public static final List<String> NAMES = List.of("default", "seed", "common");

    /**
     * The pictures.
     *
     * @param path image folder, or "fashion3" for the built-in set
     * @param imageSize height and width in pixels; 0 is 64 for the built-in set and 224 else
     * @param batchSize images a step
     * @param shuffle whether each epoch has its own random order
     * @param loaderThreads threads that prepare batches ahead; 0 prepares them between the steps
     * @param split shares of train, val and test
     * @param stratified whether the shares hold within each class
     * @param ordinal whether the classes, in the order of their names, are steps of a scale
     * @param exifOrientation "ignore", as Pillow does, or "apply" to turn pictures as their EXIF orientation says
     * @param groupBy what keeps pictures in the same part, see {@link io.github.resdensenet.data.Groups}; "" for nothing
     * @param onBad "fail" if a picture cannot be read, or "skip" to leave such pictures out
     */
    public record Data(
            String path,
            int imageSize,
            int batchSize,
            boolean shuffle,
            int loaderThreads,
            Split.Shares split,
            boolean stratified,
            boolean ordinal,
            String exifOrientation,
            String groupBy,
            String onBad) {
        /** Checks every value. */
        public Data {
            check(imageSize >= 0 && imageSize <= 4096, "data.imageSize", "0 to 4096", imageSize);
            check(batchSize >= 1 && batchSize <= 4096, "data.batchSize", "1 to 4096", batchSize);
            check(loaderThreads >= 0 && loaderThreads <= 256, "data.loaderThreads", "0 to 256", loaderThreads);
            oneOf("data.exifOrientation", List.of("ignore", "apply"), exifOrientation);
            oneOf("data.onBad", List.of("fail", "skip"), onBad);
        }

        /** Whether pictures are turned as their EXIF orientation says. */
        public boolean upright() {
            return exifOrientation.equals("apply");
        }
    }

    /**
     * Random changes; 0 is off.
     *
     * @param horizontalFlip probability of mirroring
     * @param brightness largest change of brightness, as a share
     * @param contrast largest change of contrast, as a share
     * @param saturation largest change of saturation, as a share
     */
    public record Augment(double horizontalFlip, double brightness, double contrast, double saturation) {
        /** Checks every value. */
        public Augment {
            check(horizontalFlip >= 0 && horizontalFlip <= 1, "augment.horizontalFlip", "0 to 1", horizontalFlip);
            check(brightness >= 0 && brightness <= 10, "augment.brightness", "0 to 10", brightness);
            check(contrast >= 0 && contrast <= 10, "augment.contrast", "0 to 10", contrast);
            check(saturation >= 0 && saturation <= 10, "augment.saturation", "0 to 10", saturation);
        }

        /** The steps from a picture to the network's input while training. */
        Compose over(Preprocessing preprocessing) {
            return preprocessing.training(horizontalFlip, brightness, contrast, saturation);
        }
    }

    /**
     * The training.
     *
     * @param epochs passes over the training pictures
     * @param optimizer "adamw"
     * @param lr learning rate at the start
     * @param weightDecay decoupled weight decay, applied to every parameter
     * @param labelSmoothing share of the target spread over all classes
     * @param schedule "cosine" or "constant"
     * @param tMax epochs in which the cosine falls to etaMin; 0 is all epochs after the warm-up
     * @param etaMin learning rate at the end of the cosine
     * @param warmupEpochs epochs in which the learning rate rises first
     * @param seed key of all randomness: split, initial weights, order, changes of pictures
     * @param selectOn the part that chooses the best epoch, "val" or "test"
     * @param precision "fp32", or "bf16" for the fused engine: activations of 16 bits, everything that is kept in 32
     * @param engine "auto", "fused" (static plans of oneDNN) or "reference" (libtorch autograd)
     * @param threads compute threads; 0 is one a processor
     * @param checkpointMinutes minutes between checkpoints within an epoch; one is saved after every epoch anyway
     * @param device "auto", "cpu" or "cuda"
     * @param freezeEpochs first epochs in which the head alone trains; the body computes as in evaluation then, so its
     *     weights and its running statistics stay as they are
     */
    public record Train(
            int epochs,
            String optimizer,
            double lr,
            double weightDecay,
            double labelSmoothing,
            String schedule,
            int tMax,
            double etaMin,
            int warmupEpochs,
            long seed,
            String selectOn,
            String precision,
            String engine,
            int threads,
            double checkpointMinutes,
            String device,
            int freezeEpochs) {
        /** Checks every value. */
        public Train {
            check(epochs >= 1 && epochs <= 100_000, "train.epochs", "1 to 100000", epochs);
            oneOf("train.optimizer", List.of("adamw"), optimizer);
            check(lr > 0 && lr < Double.POSITIVE_INFINITY, "train.lr", "a positive number", lr);
            check(weightDecay >= 0 && weightDecay <= 1e6, "train.weightDecay", "0 or more", weightDecay);
            check(labelSmoothing >= 0 && labelSmoothing < 1, "train.labelSmoothing", "0 to below 1", labelSmoothing);
            oneOf("train.schedule", List.of("cosine", "constant"), schedule);
            check(tMax >= 0, "train.tMax", "0 or more", tMax);
            check(etaMin >= 0 && etaMin < Double.POSITIVE_INFINITY, "train.etaMin", "0 or more", etaMin);
            check(
                    warmupEpochs >= 0 && warmupEpochs < epochs,
                    "train.warmupEpochs",
                    "0 to below train.epochs",
                    warmupEpochs);
            oneOf("train.selectOn", List.of("val", "test"), selectOn);
            oneOf("train.precision", List.of("fp32", "bf16"), precision);
            oneOf("train.engine", List.of("auto", "fused", "reference"), engine);
            check(threads >= 0 && threads <= 1024, "train.threads", "0 to 1024", threads);
            check(
                    checkpointMinutes > 0 && checkpointMinutes < Double.POSITIVE_INFINITY,
                    "train.checkpointMinutes",
                    "a positive number",
                    checkpointMinutes);
            oneOf("train.device", List.of("auto", "cpu", "cuda"), device);
            check(
                    freezeEpochs >= 0 && freezeEpochs < epochs,
                    "train.freezeEpochs",
                    "0 to below train.epochs",
                    freezeEpochs);
        }

        /** The learning rate of each epoch. */
        public LrSchedule lrSchedule() {
            LrSchedule main = schedule.equals("constant")
                    ? new LrSchedule.ConstantLr(lr)
                    : new LrSchedule.CosineAnnealingLr(lr, etaMin, tMax > 0 ? tMax : epochs - warmupEpochs);
            return warmupEpochs == 0 ? main : new LrSchedule.Warmup(main, warmupEpochs);
        }
    }

    /** Checks the values that depend on each other. */
    public Recipe {
        check(
                data.split().val() > 0 || train.selectOn().equals("test"),
                "train.selectOn",
                "test where data.split.val is 0",
                train.selectOn());
        check(
                data.stratified() || !data.groupBy().isEmpty() || data.split().val() == 0,
                "data.split.val",
                "0 where data.stratified is false: pictures are then dealt at random in two parts",
                data.split().val());
        long imageBytes = 3L * Float.BYTES * Math.max(1, data.imageSize() * data.imageSize());
        check(
                data.batchSize() * imageBytes <= Integer.MAX_VALUE,
                "data.batchSize",
                "at most " + Integer.MAX_VALUE / imageBytes + " at data.imageSize " + data.imageSize()
                        + ": a batch is one buffer",
                data.batchSize());
    }

    /** The recommended recipe: the article's training, judged honestly. The best epoch is chosen on a part of its own. */
    public static Recipe defaults() {
        return builtIn("default");
    }

    /** A built-in recipe of ResDenseNet, see {@link #builtIn(String, String)}. */
    public static Recipe builtIn(String name) {
        return builtIn(name, "resdensenet");
    }

    /**
     * A built-in recipe.
     *
     * @param name "default" for the model's own training, as the article's table says; "seed" for that in the article's
     *     own way: two parts, the best epoch chosen on the test set; "common" for one training of all models
     * @param model the architecture, one of {@link ModelConfig#NAMES}
     */
    public static Recipe builtIn(String name, String model) {
        return RecipeFile.builtIn(name, model);
    }

    /** Reads a YAML file; keys that it leaves out have their default. */
    public static Recipe read(Path file) throws IOException {
        return RecipeFile.read(file);
    }

    /** The same recipe on another folder. */
    public Recipe withData(Path folder) {
        return RecipeFile.withText(this, "data.path", folder.toString());
    }

    /**
     * The same recipe with one value changed.
     *
     * @param key for instance "train.lr"
     * @param value as in YAML
     * @throws IllegalArgumentException if there is no such key, or the value is of the wrong type or out of range
     */
    public Recipe with(String key, String value) {
        return with(Map.of(key, value));
    }

    /** The same recipe with some values changed, checked when all of them are. */
    public Recipe with(Map<String, String> values) {
        return RecipeFile.with(this, values);
    }

    /** The recipe as a run keeps it: with the image size in pixels, and the folder's whole path. */
    public Recipe resolved() {
        boolean builtIn = data.path().equals(BuiltInData.FASHION3);
        int size = data.imageSize() > 0 ? data.imageSize() : builtIn ? 64 : 224;
        Recipe sized = with("data.imageSize", Integer.toString(size));
        return builtIn
                ? sized
                : sized.withData(Path.of(data.path()).toAbsolutePath().normalize());
    }

    /** What another recipe says otherwise, one "key here -> there" each. */
    public List<String> differences(Recipe other) {
        return RecipeFile.differences(this, other);
    }

    /** The recipe as YAML. */
    public String toYaml() {
        return RecipeFile.toYaml(this);
    }

    private static void check(boolean ok, String key, String rule, Object value) {
        if (!ok) {
            throw new IllegalArgumentException(key + " must be " + rule + ", got " + value);
        }
    }

    private static void oneOf(String key, List<String> allowed, String value) {
        check(allowed.contains(value), key, allowed.size() == 1 ? allowed.get(0) : "one of " + allowed, value);
    }
}
