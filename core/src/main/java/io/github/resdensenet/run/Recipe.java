package io.github.resdensenet.run;

import io.github.resdensenet.data.BuiltInData;
import io.github.resdensenet.data.Split;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.nn.NativeSettings.DeviceChoice;
import io.github.resdensenet.nn.Precision;
import io.github.resdensenet.transforms.Compose;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.util.Choices;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A training recipe: all settings of a training run. Recipes are stored as YAML with the same keys.
 *
 * @param model the network
 * @param data the images and how they are split and loaded
 * @param augment augmentation of the training images
 * @param train optimiser, schedule, engine and other settings of the training
 */
public record Recipe(ModelConfig model, Data data, Augment augment, Train train) {
    /** The built-in recipes. */
    public static final List<String> NAMES = List.of("default", "seed", "common");

    /**
     * The images of a training.
     *
     * @param path image folder, or "fashion3" for the built-in images
     * @param imageSize height and width in pixels; 0 means 64 for the built-in images, otherwise 224
     * @param batchSize images per step
     * @param shuffle whether each epoch has a new random order
     * @param loaderThreads threads that prepare batches ahead; 0 prepares them between the steps
     * @param split fractions of the train, validation and test sets
     * @param stratified whether these fractions hold within each class
     * @param ordinal whether the classes, sorted by name, are steps of a scale
     * @param exifOrientation whether images are rotated by their EXIF orientation
     * @param groupBy how images are grouped so that no group spans two subsets; "" for no groups. See
     *     {@link io.github.resdensenet.data.Split#groups}
     * @param onBad what happens if an image cannot be read
     */
    public record Data(
            String path,
            int imageSize,
            int batchSize,
            boolean shuffle,
            int loaderThreads,
            Split.Fractions split,
            boolean stratified,
            boolean ordinal,
            ExifOrientation exifOrientation,
            String groupBy,
            OnBad onBad) {
        /** Checks the range of every value. */
        public Data {
            check(imageSize >= 0 && imageSize <= 4096, "data.imageSize", "0 to 4096", imageSize);
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

        /** Returns whether images are rotated by their EXIF orientation. */
        public boolean upright() {
            return exifOrientation == ExifOrientation.APPLY;
        }
    }

    /**
     * Augmentation of the training images. A value of 0 switches the transform off.
     *
     * @param horizontalFlip probability of mirroring, 0 to 1
     * @param brightness half-width x of the range of the random factor, 1 - x to 1 + x
     * @param contrast half-width of the range of the contrast factor
     * @param saturation half-width of the range of the saturation factor
     */
    public record Augment(double horizontalFlip, double brightness, double contrast, double saturation) {
        /** Checks the range of every value. */
        public Augment {
            check(horizontalFlip >= 0 && horizontalFlip <= 1, "augment.horizontalFlip", "0 to 1", horizontalFlip);
            check(brightness >= 0 && brightness <= 10, "augment.brightness", "0 to 10", brightness);
            check(contrast >= 0 && contrast <= 10, "augment.contrast", "0 to 10", contrast);
            check(saturation >= 0 && saturation <= 10, "augment.saturation", "0 to 10", saturation);
        }

        /** Returns the transforms from an image to the network's input during training. */
        public Compose over(Preprocessing preprocessing) {
            return preprocessing.training(horizontalFlip, brightness, contrast, saturation);
        }
    }

    /**
     * The settings of the training loop.
     *
     * @param epochs passes over the training images
     * @param optimizer how weights are updated
     * @param lr initial learning rate
     * @param weightDecay decoupled weight decay, applied to every parameter
     * @param labelSmoothing fraction of the target that is spread over all classes
     * @param schedule how the learning rate changes over the epochs
     * @param tMax epochs until the cosine reaches etaMin; 0 means all epochs after the warm-up
     * @param etaMin final learning rate of the cosine
     * @param warmupEpochs epochs at the start in which the learning rate rises
     * @param seed seed of the split, the initial weights, the order and the augmentation
     * @param selectOn subset that selects the best epoch
     * @param precision fp32, or bf16 for 16-bit activations; weights and optimiser state are 32-bit in both cases.
     *     bf16 requires the fused engine
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
            double weightDecay,
            double labelSmoothing,
            Schedule schedule,
            int tMax,
            double etaMin,
            int warmupEpochs,
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
            check(weightDecay >= 0 && weightDecay <= 1e6, "train.weightDecay", "0 or more", weightDecay);
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
        /** Ignored, as Pillow and torchvision do. */
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

    /** How weights are updated. */
    public enum Optimizer {
        /** Adam with decoupled weight decay. */
        ADAMW;

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
        CONSTANT;

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
        long imageBytes = 3L * Float.BYTES * Math.max(1, data.imageSize() * data.imageSize());
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
     *     ResDenseNet with every model
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

    /** Returns the recipe as stored in a run folder: with the actual image size and the absolute path of the images. */
    public Recipe resolved() {
        boolean builtIn = data.path().equals(BuiltInData.FASHION3);
        int size = data.imageSize() > 0 ? data.imageSize() : builtIn ? 64 : 224;
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
