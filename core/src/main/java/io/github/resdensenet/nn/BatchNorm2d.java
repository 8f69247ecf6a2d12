package io.github.resdensenet.nn;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Batch normalisation of [N, C, H, W]: weight * (x - mean) / sqrt(var + eps) + bias, with one mean and variance per
 * channel.
 *
 * <p>Training mode uses the statistics of the batch and updates the running statistics with {@link #momentum}. The
 * running variance has Bessel's correction. Evaluation mode uses the running statistics.
 */
final class BatchNorm2d extends Module {
    /** Number of channels. */
    final int channels;
    /** Added to the variance for numerical stability. */
    final double eps;
    /** Weight of a batch in the update of the running statistics, 0 to 1, as in PyTorch. */
    final double momentum;
    /** Scale of each channel, [channels]. */
    final Tensor weight;
    /** Shift of each channel, [channels]. */
    final Tensor bias;
    /** Running mean of each channel, [channels]. */
    final Tensor runningMean;
    /** Running variance of each channel, [channels]. */
    final Tensor runningVar;
    /** Number of training batches, an int64 scalar. */
    final Tensor batches;

    /** Creates a layer with PyTorch's default eps and momentum. */
    BatchNorm2d(int channels) {
        this(channels, 1e-5, 0.1);
    }

    BatchNorm2d(int channels, double eps, double momentum) {
        this.channels = channels;
        this.eps = eps;
        this.momentum = momentum;
        weight = parameter("weight", torch.ones(channels));
        bias = parameter("bias", torch.zeros(channels));
        runningMean = buffer("running_mean", torch.zeros(channels));
        runningVar = buffer("running_var", torch.ones(channels));
        batches = buffer("num_batches_tracked", torch.zeros(new long[0], new TensorOptions(ScalarType.Long)));
    }

    @Override
    protected Tensor forward(Tensor x) {
        if (isTraining()) {
            batches.add_(new Scalar(1));
        }
        return torch.batch_norm(
                x,
                new TensorOptional(weight),
                new TensorOptional(bias),
                new TensorOptional(runningMean),
                new TensorOptional(runningVar),
                isTraining(),
                momentum,
                eps,
                true);
    }

    @Override
    Trace.Layer layer() {
        return new Trace.Layer.BatchNorm(channels, eps, momentum, weight, bias, runningMean, runningVar, batches);
    }

    @Override
    protected String describe() {
        String small = Double.toString(eps).replace(".0E", "E").replace("E-", "e-0"); // as Python prints it
        return channels + ", eps=" + small + ", momentum=" + momentum + ", affine=True, track_running_stats=True";
    }
}
