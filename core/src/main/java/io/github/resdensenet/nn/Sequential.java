package io.github.resdensenet.nn;

import org.bytedeco.pytorch.Tensor;

/** Applies its children one after the other, as {@code torch.nn.Sequential}. */
class Sequential extends Module {
    /** Registers the modules with the names "0", "1", ... */
    Sequential(Module... modules) {
        for (int i = 0; i < modules.length; i++) {
            register(Integer.toString(i), modules[i]);
        }
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor y = x;
        for (Module child : children().values()) {
            y = child.call(y);
        }
        return y;
    }
}
