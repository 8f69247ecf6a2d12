package io.github.resdensenet.nn;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Batch normalisation over [N, C, H, W]: weight (x - mean) / sqrt(var + eps) + bias, one mean and variance a channel.
 *
 * <p>In training the statistics are the batch's, and the running ones move to them by {@link #momentum} (the variance
 * with Bessel's correction); in evaluation they are the running ones.
 */
public final class BatchNorm2d extends Module {
    /** Channels in and out. */
    public final int channels;
    /** Added to the variance. */
    public final double eps;
    /** How far one batch moves the running statistics, 0 to 1. */
    public final double momentum;
    /** Scale of each channel. */
    public final Tensor weight;
    /** Shift of each channel. */
    public final Tensor bias;
    /** Mean of each channel over the batches so far. */
    public final Tensor runningMean;
    /** Variance of each channel over the batches so far. */
    public final Tensor runningVar;
    /** Number of batches so far, int64. */
    public final Tensor batches;

    /** With PyTorch's eps and momentum. */
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
    protected String describe() {
        String small = Double.toString(eps).replace(".0E", "E").replace("E-", "e-0"); // as Python prints it
        return channels + ", eps=" + small + ", momentum=" + momentum + ", affine=True, track_running_stats=True";
    }
}
