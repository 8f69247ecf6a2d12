package io.github.resdensenet.optim;

import static io.github.resdensenet.optim.UpdateRule.slice;

import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.checkpoint.Safetensors;
import io.github.resdensenet.checkpoint.TensorData;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.optim.Layout.Segment;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.zip.CRC32C;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Updates a model's parameters with their gradients: AdamW or SGD, after clipping; then, if the recipe says so, updates
 * the average of the weights.
 *
 * <p>Parameters, gradients and each state of the rule occupy one block of memory. A step is therefore one pass over these
 * blocks, whatever the number of tensors. The model's parameters become views of the first block.
 *
 * <p>While the backbone is frozen, only the head is updated. The backbone has no weight decay and no moments then, and
 * its step number starts at 1 afterwards, as in PyTorch for parameters without a gradient.
 *
 * <p>Not safe for use by several threads.
 */
public final class Optimizer implements AutoCloseable {
    private static final String AVERAGE = "average.";
    private static final String RAW = "raw.";

    /** Divides the range [from, to) and calls {@code part(start, end)} for each part. Parts start at whole vectors. */
    public interface Division {
        /** The whole range as one part. */
        Division WHOLE = (from, to, part) -> part.accept(from, to);

        /** Computes the range [from, to). */
        void compute(long from, long to, BiConsumer<Long, Long> part);
    }

    private final Layout layout;
    private final double weightDecay;
    private final double clipNorm;
    private final Tensor values;
    private final Tensor gradients;
    private final Tensor accumulated; // empty if gradients are never accumulated
    private final UpdateRule rule;
    private final Optional<WeightAverage> average;
    private long step;
    private long frozenSteps;

    /** Creates the optimiser of a recipe and moves the model's parameters into its memory. */
    public Optimizer(ImageClassifier model, Recipe.Train settings) {
        layout = Layout.of(model, settings.decayNormAndBias());
        weightDecay = settings.weightDecay();
        clipNorm = settings.clipNorm();
        try (NoGradGuard noGrad = new NoGradGuard()) {
            Tensor first = layout.places().get(0).parameter();
            values = torch.empty(new long[] {model.parameterCount()}, first.options(), null);
            gradients = torch.zeros_like(values);
            accumulated = settings.accumulate() > 1 ? torch.zeros_like(values) : torch.empty(0);
            for (Layout.Place place : layout.places()) {
                try (PointerScope scope = new PointerScope()) {
                    Tensor view = place.view(values);
                    view.copy_(place.parameter().detach());
                    place.parameter().set_data(view);
                    place.parameter().mutable_grad().put(place.view(gradients));
                }
            }
            rule = settings.optimizer() == Recipe.Optimizer.SGD
                    ? new Sgd(values, gradients, settings.momentum(), settings.nesterov())
                    : new AdamW(values, gradients);
            average = settings.emaDecay() > 0
                    ? Optional.of(new WeightAverage(model, values, settings.emaDecay()))
                    : Optional.empty();
        }
    }

    /** Sets all gradients to zero. */
    public void zeroGrad() {
        gradients.zero_();
    }

    /**
     * Adds the gradients of a batch to those of earlier batches.
     *
     * @param share weight of the batch
     * @param last whether it is the last batch before a step: the gradients become the sums, and the next sums start at 0
     */
    public void accumulate(double share, boolean last) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            checkFinite(0, gradients.numel(), Division.WHOLE); // here, so that the error names this batch's images
            accumulated.add_(gradients, new Scalar(share));
            if (last) {
                gradients.copy_(accumulated);
                accumulated.zero_();
            }
        }
    }

    /**
     * Updates all parameters with their gradients.
     *
     * @param lr learning rate of this step
     * @param division computes parts, for example on several threads; it changes no bit of the result
     * @throws ArithmeticException if a gradient is not finite; no parameter has changed then
     */
    public void step(double lr, Division division) {
        step(segment -> true, lr, division);
    }

    /**
     * Updates only the parameters of the head, with their gradients.
     *
     * @param lr learning rate of this step
     * @throws ArithmeticException if a gradient of the head is not finite; no parameter has changed then
     */
    public void stepHead(double lr) {
        step(Segment::head, lr, Division.WHOLE);
        frozenSteps++;
    }

    private void step(Predicate<Segment> trained, double lr, Division division) {
        List<Segment> segments = layout.segments().stream().filter(trained).toList();
        long from = segments.get(0).from();
        long to = segments.get(segments.size() - 1).to();
        checkFinite(from, to, division);
        if (clipNorm > 0) {
            GradientNorm.clip(gradients, from, to, clipNorm);
        }
        step++;
        for (Update update : updates(segments)) {
            rule.begin(update.step);
            division.compute(update.from, update.to, (a, b) -> rule.update(a, b, lr, update.decays ? weightDecay : 0));
        }
        average.ifPresent(ema -> ema.update(step == 1, division));
    }

    /** A range that is updated at once: segments side by side with the same step number and weight decay. */
    private record Update(long from, long to, long step, boolean decays) {}

    private List<Update> updates(List<Segment> segments) {
        List<Update> updates = new ArrayList<>();
        for (Segment s : segments) {
            long number = s.head() ? step : step - frozenSteps;
            int last = updates.size() - 1;
            if (last >= 0 && updates.get(last).step == number && updates.get(last).decays == s.decays()) {
                updates.set(last, new Update(updates.get(last).from, s.to(), number, s.decays()));
            } else {
                updates.add(new Update(s.from(), s.to(), number, s.decays()));
            }
        }
        return updates;
    }

    private void checkFinite(long from, long to, Division division) {
        AtomicBoolean finite = new AtomicBoolean(true);
        division.compute(from, to, (a, b) -> {
            try (PointerScope scope = new PointerScope()) {
                if (!isFinite(slice(gradients, a, b))) {
                    finite.set(false);
                }
            }
        });
        if (!finite.get()) {
            throw new ArithmeticException("a gradient is not finite");
        }
    }

    /** Returns whether every weight is finite. */
    public boolean weightsAreFinite() {
        return isFinite(values);
    }

    /** Returns whether all values are finite: the sum of values with NaN or infinity is not finite. */
    private static boolean isFinite(Tensor block) {
        try (PointerScope scope = new PointerScope()) {
            return Double.isFinite(block.sum().item_double());
        }
    }

    /** Exchanges the model's weights and statistics with their averages. Call it again before the next step. */
    public void swapAverage() {
        average.ifPresent(WeightAverage::swap);
    }

    /** Returns a checksum of the bytes of all parameters, their states and their averages. */
    public int checksum() {
        CRC32C checksum = new CRC32C();
        List<Tensor> blocks = new ArrayList<>(List.of(values));
        blocks.addAll(rule.state().values());
        average.ifPresent(ema -> blocks.add(ema.block()));
        for (Tensor block : blocks) {
            checksum.update(block.data_ptr().capacity(block.nbytes()).asByteBuffer());
        }
        return (int) checksum.getValue();
    }

    /** Returns the number of steps so far, those with a frozen backbone included. */
    public long steps() {
        return step;
    }

    /** Returns the states by parameter name, and as metadata the numbers of all steps and of frozen steps. */
    public Safetensors state() {
        Map<String, String> steps = new LinkedHashMap<>(Map.of("step", Long.toString(step)));
        if (frozenSteps > 0) {
            steps.put("frozen_steps", Long.toString(frozenSteps));
        }
        try (PointerScope scope = new PointerScope()) {
            return new Safetensors(ModelState.of(tensors()), steps);
        }
    }

    /**
     * Restores a state returned by {@link #state}.
     *
     * @param source the file, for error messages
     */
    public void load(Safetensors state, Path source) throws IOException {
        try (PointerScope scope = new PointerScope()) {
            ModelState.load(tensors(), state.tensors(), source);
        }
        step = Long.parseLong(state.metadata().getOrDefault("step", "0"));
        frozenSteps = Long.parseLong(state.metadata().getOrDefault("frozen_steps", "0"));
    }

    private Map<String, Tensor> tensors() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        rule.state()
                .forEach((kind, block) ->
                        layout.views(block).forEach((name, view) -> tensors.put(kind + "." + name, view)));
        average.ifPresent(ema -> ema.tensors(layout).forEach((name, tensor) -> tensors.put(AVERAGE + name, tensor)));
        return tensors;
    }

    /**
     * Returns a checkpoint whose weights are the averaged ones, if there are any; the others are kept beside them as a state
     * of the optimiser.
     */
    public static Checkpoint averaged(Checkpoint checkpoint) {
        Map<String, TensorData> weights =
                new LinkedHashMap<>(checkpoint.weights().tensors());
        Map<String, TensorData> optimizer = new LinkedHashMap<>();
        checkpoint.optimizer().tensors().forEach((name, tensor) -> {
            if (name.startsWith(AVERAGE)) {
                String weight = name.substring(AVERAGE.length());
                optimizer.put(RAW + weight, Objects.requireNonNull(weights.put(weight, tensor)));
            } else {
                optimizer.put(name, tensor);
            }
        });
        return new Checkpoint(
                checkpoint.manifest(),
                new Safetensors(weights, checkpoint.weights().metadata()),
                new Safetensors(optimizer, checkpoint.optimizer().metadata()));
    }

    /** Returns the weights and statistics of a checkpoint made by {@link #averaged} before they were averaged. */
    public static Map<String, TensorData> rawWeights(Checkpoint checkpoint) {
        Map<String, TensorData> raw = new LinkedHashMap<>(checkpoint.weights().tensors());
        checkpoint.optimizer().tensors().forEach((name, tensor) -> {
            if (name.startsWith(RAW)) {
                raw.put(name.substring(RAW.length()), tensor);
            }
        });
        return raw;
    }

    @Override
    public void close() {
        for (Pointer block : new Pointer[] {values, gradients, accumulated}) {
            block.close();
        }
        rule.close();
        average.ifPresent(WeightAverage::close);
    }
}
