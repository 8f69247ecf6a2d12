package io.github.resdensenet.nn;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** A list of modules with the names "0", "1", ..., as {@code torch.nn.ModuleList}. It has no forward function. */
final class ModuleList<M extends Module> extends Module implements Iterable<M> {
    private final List<M> list = new ArrayList<>();

    void append(M module) {
        list.add(register(Integer.toString(list.size()), module));
    }

    M get(int index) {
        return list.get(index);
    }

    int size() {
        return list.size();
    }

    /** Applies the modules one after the other. */
    Tensor inOrder(Tensor x) {
        Tensor y = x;
        for (M module : list) {
            y = module.call(y);
        }
        return y;
    }

    @Override
    public Iterator<M> iterator() {
        return list.iterator();
    }

    @Override
    protected Tensor forward(Tensor x) {
        throw new UnsupportedOperationException("a ModuleList has no forward function; call its modules");
    }
}
