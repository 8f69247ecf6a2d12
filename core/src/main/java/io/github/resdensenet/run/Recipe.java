package io.github.resdensenet.run;

import io.github.resdensenet.data.BuiltInData;
import io.github.resdensenet.data.EpochOrder;
import io.github.resdensenet.data.ImageFolder;
import io.github.resdensenet.data.Split;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.nn.NativeSettings.DeviceChoice;
import io.github.resdensenet.nn.Precision;
import io.github.resdensenet.transforms.Augmentation;
import io.github.resdensenet.transforms.Preprocessing.ResizeMode;
import io.github.resdensenet.util.Choices;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntSupplier;

/**
 * A training recipe: all settings of a training run. Recipes are stored as YAML with the same keys.
 *
 * @param model the network
 * @param data the images and how they are split and loaded
 * @param augment augmentation of the training images
 * @param train optimiser, schedule, engine and other settings of the training
 */
public record Recipe(ModelConfig model, Data data, Augmentation augment, Train train) {
    /** The built-in recipes. */
    public static final List<String> NAMES = List.of("default", "seed", "common", "fast", "strong");

    private static final int BUILT_IN_SIZE = 64;
    private static final int DEFAULT_SIZE = 224;

    /**
     * The images of a training run.
     *
     * @param path image folder, or "fashion3" for the built-in images
     * @param imageSize height and width in pixels; 0 means 64 for the built-in images, otherwise 224; {@value
     *     #AUTO_SIZE} ("auto" in YAML) means 64 for the built-in images, otherwise a size that fits the images
     * @param resize how an image that is not square becomes square
     * @param batchSize images per batch
     * @param shuffle whether each epoch has a new random order
     * @param sampling how often an epoch has each image
     * @param loaderThreads threads that prepare batches ahead; 0 prepares them between the steps
     * @param split fractions of the train, validation and test sets
     * @param folds number of parts for cross-validation, of which one is the test set; 0 for a split by fractions
     * @param fold the part that is the test set, from 0
     * @param stratified whether the fractions of {@code split} hold within each class
     * @param ordinal whether the classes, sorted by name, are steps of a scale
     * @param exifOrientation whether images are rotated by their EXIF orientation
     * @param groupBy how images are grouped so that no group spans two subsets; "" for no groups. See
     *     {@link io.github.resdensenet.data.Split#groups}
     * @param onBad what happens if an image cannot be read
     */
    public record Data(
            String path,
            int imageSize,
            ResizeMode resize,
            int batchSize,
            boolean shuffle,
            Sampling sampling,
            int loaderThreads,
            Split.Fractions split,
            int folds,
            int fold,
            boolean stratified,
            boolean ordinal,
            ExifOrientation exifOrientation,
            String groupBy,
            OnBad onBad) {
        /** The image size that stands for one that fits the images. */
        public static final int AUTO_SIZE = -1;

        /** Checks the range of every value. */
        public Data {
            check(imageSize >= AUTO_SIZE && imageSize <= 4096, "data.imageSize", "auto or 0 to 4096", imageSize);
            check(folds == 0 || (folds >= 2 && folds <= 100), "data.folds", "0, or 2 to 100", folds);
            check(
                    fold >= 0 && fold < Math.max(1, folds),
                    "data.fold",
                    folds == 0 ? "0 where data.folds is 0" : "0 to " + (folds - 1),
                    fold);
            check(batchSize >= 1 && batchSize <= 4096, "data.batchSize", "1 to 4096", batchSize);
            check(loaderThreads >= 0 && loaderThreads <= 256, "data.loaderThreads", "0 to 256", loaderThreads);
        }

        /**
         * The image folder; the built-in set is unpacked when it is first used.
         *
         * @throws IOException if the built-in set cannot be unpacked
         */
        public Path folder() throws IOException {
            return BuiltInData.resolve(path);
        }

        /** Returns the order of the training images in each epoch. */
        public EpochOrder epochOrder() {
            if (sampling == Sampling.BALANCED) {
                return EpochOrder.BALANCED;
            }
            return shuffle ? EpochOrder.SHUFFLED : EpochOrder.SEQUENTIAL;
        }

        /** Returns whether images are rotated by their EXIF orientation. */
        public boolean upright() {
            return exifOrientation == ExifOrientation.APPLY;
        }
    }

    /**
     * The settings of the training loop.
     *
     * @param epochs passes over the training images
     * @param optimizer how weights are updated
     * @param lr learning rate at the start, after the warm-up; the largest one of the schedule onecycle
     * @param momentum momentum of SGD, 0 to below 1
     * @param nesterov whether SGD uses Nesterov's momentum
     * @param weightDecay weight decay; decoupled for AdamW, added to the gradient for SGD
     * @param decayNormAndBias whether weight decay also applies to parameters with one dimension
     * @param clipNorm largest norm of the gradients; larger ones are scaled down. 0 for no limit
     * @param labelSmoothing fraction of the target that is spread over all classes
     * @param classWeights weights of the classes in the loss: "none", "balanced" (inversely proportional to their numbers
     *     of training images) or one number per class, separated by commas
     * @param schedule how the learning rate changes over the epochs
     * @param tMax epochs until the cosine reaches etaMin; 0 means all epochs after the warm-up
     * @param etaMin final learning rate of the cosine, smallest one of the schedule plateau
     * @param stepSize epochs after which the schedule step multiplies the learning rate by gamma
     * @param gamma factor of the schedules step and plateau
     * @param plateauPatience epochs without a lower loss before the schedule plateau multiplies by gamma
     * @param pctStart fraction of the steps in which the schedule onecycle rises
     * @param warmupEpochs epochs at the start in which the learning rate rises
     * @param startSize image size of the first epoch; it grows to data.imageSize over the first three quarters of the epochs
     *     (no effect with one epoch). 0 for data.imageSize in all epochs
     * @param emaDecay decay of the exponential moving average of the weights; 0 for no average. With an average, its
     *     weights are evaluated, and the best ones are the result
     * @param patience epochs without a better one after which the training ends; 0 for all epochs
     * @param seed seed of the split, the initial weights, the order and the augmentation
     * @param selectOn subset that selects the best epoch
     * @param precision fp32, or bf16 for 16-bit activations; weights and optimiser state are 32-bit in both cases.
     *     bf16 requires the fused engine. auto chooses one of them when a training starts
     * @param engine what computes the training steps
     * @param threads compute threads; 0 means one per processor
     * @param checkpointMinutes minutes between checkpoints within an epoch; every epoch ends with a checkpoint
     * @param device where the model is trained
     * @param freezeEpochs epochs at the start in which only the head is trained. The backbone is in evaluation mode, so
     *     its weights and running statistics do not change
     * @param shards parts into which the fused engine divides a batch, each computed by one thread at a time. It decides
     *     the last bits of the weights; the number of threads does not
     * @param batchNorm over which images the fused engine normalises
     * @param accumulate batches whose gradients are averaged for one update of the weights
     */
    public record Train(
            int epochs,
            Optimizer optimizer,
            double lr,
            double momentum,
            boolean nesterov,
            double weightDecay,
            boolean decayNormAndBias,
            double clipNorm,
            double labelSmoothing,
            String classWeights,
            Schedule schedule,
            int tMax,
            double etaMin,
            int stepSize,
            double gamma,
            int plateauPatience,
            double pctStart,
            int warmupEpochs,
            int startSize,
            double emaDecay,
            int patience,
            long seed,
            SelectOn selectOn,
            Precision precision,
            EngineChoice engine,
            int threads,
            double checkpointMinutes,
            DeviceChoice device,
            int freezeEpochs,
            int shards,
            BatchNormScope batchNorm,
            int accumulate) {
        /** Checks the range of every value. */
        public Train {
            check(epochs >= 1 && epochs <= 100_000, "train.epochs", "1 to 100000", epochs);
            check(lr > 0 && lr < Double.POSITIVE_INFINITY, "train.lr", "a positive number", lr);
            check(weightDecay >= 0 && weightDecay <= 1e6, "train.weightDecay", "0 to 1000000", weightDecay);
            check(momentum >= 0 && momentum < 1, "train.momentum", "0 to below 1", momentum);
            check(clipNorm >= 0 && clipNorm < Double.POSITIVE_INFINITY, "train.clipNorm", "0 or more", clipNorm);
            check(stepSize >= 1, "train.stepSize", "1 or more", stepSize);
            check(gamma > 0 && gamma <= 1, "train.gamma", "above 0 to 1", gamma);
            check(plateauPatience >= 0, "train.plateauPatience", "0 or more", plateauPatience);
            check(pctStart > 0 && pctStart < 1, "train.pctStart", "above 0 to below 1", pctStart);
            check(startSize >= 0 && startSize <= 4096, "train.startSize", "0 to 4096", startSize);
            check(emaDecay >= 0 && emaDecay < 1, "train.emaDecay", "0 to below 1", emaDecay);
            check(patience >= 0, "train.patience", "0 or more", patience);
            ClassWeights.check(classWeights);
            check(labelSmoothing >= 0 && labelSmoothing < 1, "train.labelSmoothing", "0 to below 1", labelSmoothing);
            check(tMax >= 0, "train.tMax", "0 or more", tMax);
            check(etaMin >= 0 && etaMin < Double.POSITIVE_INFINITY, "train.etaMin", "0 or more", etaMin);
            check(
                    warmupEpochs >= 0 && warmupEpochs < epochs,
                    "train.warmupEpochs",
                    "0 to below train.epochs",
                    warmupEpochs);
            check(threads >= 0 && threads <= 1024, "train.threads", "0 to 1024", threads);
            check(
                    checkpointMinutes > 0 && checkpointMinutes < Double.POSITIVE_INFINITY,
                    "train.checkpointMinutes",
                    "a positive number",
                    checkpointMinutes);
            check(
                    freezeEpochs >= 0 && freezeEpochs < epochs,
                    "train.freezeEpochs",
                    "0 to below train.epochs",
                    freezeEpochs);
            check(shards >= 1 && shards <= 1024, "train.shards", "1 to 1024", shards);
            check(accumulate >= 1 && accumulate <= 1024, "train.accumulate", "1 to 1024", accumulate);
        }

        /** Returns the weight of each class in the loss; empty if all have weight 1. See {@link #classWeights}. */
        public List<Double> weightsOf(List<Integer> images) {
            return ClassWeights.of(classWeights, images);
        }

        /** Returns the weights of {@link #weightsOf} by class name, for messages; "" if all classes have weight 1. */
        public String weightsInWords(List<String> classes, List<Integer> images) {
            return ClassWeights.inWords(classes, weightsOf(images));
        }

        /** Returns whether training ends after a number of epochs, the best of which was {@code best}, from 1. */
        public boolean endsAfter(int epoch, int best) {
            return epoch >= epochs || (patience > 0 && best > 0 && epoch - best >= patience);
        }

        /** Returns the setting that only the fused engine supports, for example "train.precision bf16", or "". */
        public String fusedOnly() {
            if (precision == Precision.BF16) {
                return "train.precision bf16";
            }
            return batchNorm == BatchNormScope.LOCAL ? "train.batchNorm local" : "";
        }
    }

    /** How the EXIF orientation of an image is treated. */
    public enum ExifOrientation {
        /** Ignored, as in Pillow and torchvision, except in TIFF files, which Pillow turns. */
        IGNORE,
        /** The image is rotated or mirrored by its orientation. */
        APPLY;

        @Override
        public String toString() {
            return Choices.label(this);
        }
    }

    /** What happens if an image cannot be read. */
    public enum OnBad {
        /** Training does not start. */
        FAIL,
        /** The image is skipped and listed in skipped.csv. */
        SKIP;

        @Override
        public String toString() {
            return Choices.label(this);
        }
    }

    /** How often an epoch has each image of the training set. */
    public enum Sampling {
        /** Once. */
        UNIFORM,
        /** All classes equally often, in a random order; the epoch keeps its length. */
        BALANCED;

        @Override
        public String toString() {
            return Choices.label(this);
        }
    }

    /** How weights are updated. */
    public enum Optimizer {
        /** Adam with decoupled weight decay. */
        ADAMW,
        /** Stochastic gradient descent with momentum. */
        SGD;

        @Override
        public String toString() {
            return Choices.label(this);
        }
    }

    /** How the learning rate changes over the epochs. */
    public enum Schedule {
        /** Half a cosine from the initial learning rate to etaMin. */
        COSINE,
        /** The initial learning rate in every epoch. */
        CONSTANT,
        /** Multiplied by gamma every stepSize epochs. */
        STEP,
        /** Multiplied by gamma when the loss no longer falls. */
        PLATEAU,
        /** Rises in the first steps and falls in the others, step by step. */
        ONECYCLE;

        @Override
        public String toString() {
            return Choices.label(this);
        }
    }

    /** Which subset selects the best epoch. */
    public enum SelectOn {
        /** The validation set. */
        VAL(Subset.VAL),
        /** The test set, as the article does; the reported accuracy is then optimistic. */
        TEST(Subset.TEST);

        private final Subset subset;

        SelectOn(Subset subset) {
            this.subset = subset;
        }

        /** Returns the subset. */
        public Subset subset() {
            return subset;
        }

        @Override
        public String toString() {
            return Choices.label(this);
        }
    }

    /** What computes the training steps. */
    public enum EngineChoice {
        /** The fused engine where it can run, otherwise the reference. */
        AUTO,
        /** Static plans of oneDNN primitives. */
        FUSED,
        /** libtorch autograd. */
        REFERENCE;

        @Override
        public String toString() {
            return Choices.label(this);
        }
    }

    /** The images over which batch normalisation computes its statistics in a training step. */
    public enum BatchNormScope {
        /** All images of the batch, as PyTorch on one device. */
        SYNC,
        /** The images of a shard. The shards need not wait for each other. */
        LOCAL;

        @Override
        public String toString() {
            return Choices.label(this);
        }
    }

    /** Checks values that depend on each other. */
    public Recipe {
        check(
                data.split().val() > 0 || train.selectOn() == SelectOn.TEST,
                "train.selectOn",
                "test where data.split.val is 0",
                train.selectOn());
        check(
                data.stratified() || !data.groupBy().isEmpty() || data.split().val() == 0,
                "data.split.val",
                "0 where data.stratified is false (a random split has no validation set)",
                data.split().val());
        check(
                train.schedule() != Schedule.ONECYCLE || train.warmupEpochs() == 0,
                "train.warmupEpochs",
                "0 with train.schedule onecycle, which has a warm-up of its own",
                train.warmupEpochs());
        check(
                data.imageSize() <= 0 || train.startSize() <= data.imageSize(),
                "train.startSize",
                "at most data.imageSize, which is " + data.imageSize(),
                train.startSize());
        check(
                data.folds() == 0 || data.stratified() || !data.groupBy().isEmpty(),
                "data.stratified",
                "true where data.folds is not 0",
                data.stratified());
        long imageBytes = 3L * Float.BYTES * Math.max(1, (long) data.imageSize() * data.imageSize());
        check(
                data.batchSize() * imageBytes <= Integer.MAX_VALUE,
                "data.batchSize",
                "at most " + Integer.MAX_VALUE / imageBytes + " at data.imageSize " + data.imageSize()
                        + " (a batch is one buffer below 2 GiB)",
                data.batchSize());
    }

    /** Returns the recommended recipe: the article's training, with the best epoch selected on a validation set. */
    public static Recipe defaults() {
        return builtIn("default");
    }

    /** Returns a built-in recipe for ResDenseNet, see {@link #builtIn(String, Architecture)}. */
    public static Recipe builtIn(String name) {
        return builtIn(name, Architecture.RESDENSENET);
    }

    /**
     * Returns a built-in recipe.
     *
     * @param name "default" for the settings that the article's table gives for the model; "seed" for the same settings
     *     with the article's two subsets and the best epoch selected on the test set; "common" for the settings of
     *     ResDenseNet with every model; "fast" and "strong" for less and for more training
     * @param model the architecture
     * @throws IllegalArgumentException if there is no such recipe
     */
    public static Recipe builtIn(String name, Architecture model) {
        return RecipeFile.builtIn(name, model);
    }

    /**
     * Reads a YAML file. Keys that the file omits have their default.
     *
     * @throws IllegalArgumentException if the file is not a valid recipe, naming the file and the key
     */
    public static Recipe read(Path file) throws IOException {
        return RecipeFile.read(file);
    }

    /** Returns this recipe with another image folder. */
    public Recipe withData(Path folder) {
        return RecipeFile.withText(this, "data.path", folder.toString());
    }

    /**
     * Returns this recipe with one value changed.
     *
     * @param key the key, for example "train.lr"
     * @param value the value, as in YAML
     * @throws IllegalArgumentException if the key is unknown, or the value has the wrong type or is out of range
     */
    public Recipe with(String key, String value) {
        return with(Map.of(key, value));
    }

    /**
     * Returns this recipe with several values changed. They are checked together, after all changes.
     *
     * @param values values as in YAML, by key
     * @throws IllegalArgumentException if a key is unknown, or a value has the wrong type or is out of range
     */
    public Recipe with(Map<String, String> values) {
        return RecipeFile.with(this, values);
    }

    /**
     * Returns the recipe as stored in a run folder: with the actual image size and the absolute path of the images.
     *
     * @throws IllegalArgumentException if the image size depends on the images; use {@link #resolved(ImageFolder,
     *     Consumer)}
     */
    public Recipe resolved() {
        return resolved(() -> {
            throw new IllegalArgumentException("data.imageSize auto needs the images; set a number");
        });
    }

    /**
     * Returns the recipe as stored in a run folder; the image size may depend on the images.
     *
     * @param log receives a line that says why an image size was chosen
     */
    public Recipe resolved(ImageFolder images, Consumer<String> log) {
        if (data.imageSize() != Data.AUTO_SIZE || data.path().equals(BuiltInData.FASHION3)) {
            return resolved();
        }
        AutoSize fitting = AutoSize.of(images);
        log.accept("Image size: " + fitting.size() + ", because " + fitting.reason() + " (data.imageSize: auto)");
        return resolved(fitting::size);
    }

    private Recipe resolved(IntSupplier fitting) {
        boolean builtIn = data.path().equals(BuiltInData.FASHION3);
        int given = data.imageSize();
        int size = given > 0 ? given : builtIn ? BUILT_IN_SIZE : given == 0 ? DEFAULT_SIZE : fitting.getAsInt();
        Recipe sized = with("data.imageSize", Integer.toString(size));
        return builtIn
                ? sized
                : sized.withData(Path.of(data.path()).toAbsolutePath().normalize());
    }

    /** Returns every key with its value: a {@link Double}, a {@link Boolean} or a {@link String}. */
    public Map<String, Object> flat() {
        return RecipeFile.flat(this);
    }

    /**
     * Parses YAML text. Keys that the text omits have their default.
     *
     * @param source the file, for error messages
     * @throws IllegalArgumentException if the text is not a valid recipe
     */
    public static Recipe parse(String yaml, Path source) {
        return RecipeFile.parse(yaml, source);
    }

    /** Returns the differences to another recipe, each as "key thisValue -> otherValue". */
    public List<String> differences(Recipe other) {
        return RecipeFile.differences(this, other);
    }

    /** Returns the recipe as YAML. */
    public String toYaml() {
        return RecipeFile.toYaml(this);
    }

    private static void check(boolean ok, String key, String rule, Object value) {
        if (!ok) {
            throw new IllegalArgumentException(key + " must be " + rule + ", got " + value);
        }
    }
}
