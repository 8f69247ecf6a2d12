package io.github.resdensenet.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** max(x, 0), in place. */
final class ReLU extends Module {
    @Override
    protected Tensor forward(Tensor x) {
        return torch.relu_(x);
    }

    @Override
    protected String describe() {
        return "inplace=True";
    }
}
