package io.github.resdensenet.nn;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** A list of modules named "0", "1", ...; it has no forward function of its own. */
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

    @Override
    public Iterator<M> iterator() {
        return list.iterator();
    }

    @Override
    protected Tensor forward(Tensor x) {
        throw new UnsupportedOperationException("a ModuleList is not called; call its modules");
    }
}
