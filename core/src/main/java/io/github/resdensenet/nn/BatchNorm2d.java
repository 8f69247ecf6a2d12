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
 * <p>In training the statistics are the batch's, and the running ones move to them by {@link #MOMENTUM} (the variance
 * with Bessel's correction); in evaluation they are the running ones.
 */
public final class BatchNorm2d extends Module {
    /** Added to the variance. */
    public static final double EPS = 1e-5;
    /** How far one batch moves the running statistics. */
    public static final double MOMENTUM = 0.1;

    /** Channels in and out. */
    public final int channels;
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

    BatchNorm2d(int channels) {
        this.channels = channels;
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
                MOMENTUM,
                EPS,
                true);
    }

    @Override
    protected String describe() {
        return channels + ", eps=1e-05, momentum=0.1, affine=True, track_running_stats=True";
    }
}
