package io.github.resdensenet.optim;

import java.util.Map;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorType;
import org.bytedeco.pytorch.Type;

/** How an optimiser changes the parameters. All parameters, and all gradients, are one block of memory each. */
interface UpdateRule extends AutoCloseable {
    /** Sets the number of the step, from 1, for the updates that follow. */
    void begin(long step);

    /** Updates the parameters in the range [from, to) of the block. Several threads may update different ranges. */
    void update(long from, long to, double lr, double weightDecay);

    /** The state of the rule, one value per parameter: blocks by the name that PyTorch gives this state. */
    Map<String, Tensor> state();

    @Override
    void close();

    /** An operator of libtorch that updates parameters in one pass over memory. */
    static OperatorHandle operator(String name) {
        return Dispatcher.singleton().findSchemaOrThrow(name, "");
    }

    /** A part of a block. */
    static Tensor slice(Tensor block, long from, long to) {
        return block.narrow(0, from, to - from);
    }

    /** Tensors as an argument of an operator. */
    static IValue list(Tensor... tensors) {
        GenericList list = new GenericList(new Type.TypePtr(TensorType.get()));
        for (Tensor tensor : tensors) {
            list.push_back(new IValue(tensor));
        }
        return new IValue(list);
    }
}
