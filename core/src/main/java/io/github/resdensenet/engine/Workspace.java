package io.github.resdensenet.engine;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;

/** Memory that is shared by plans that never run at the same time. */
final class Workspace implements AutoCloseable {
    private final List<BytePointer> blocks = new ArrayList<>();
    private long largest;

    /** The address of at least {@code bytes} bytes. Several calls can return the same address. */
    long address(long bytes) {
        if (bytes > largest || blocks.isEmpty()) {
            blocks.add(new BytePointer(bytes + Arena.ALIGNMENT).retainReference());
            largest = bytes;
        }
        long address = blocks.get(blocks.size() - 1).address();
        return (address + Arena.ALIGNMENT - 1) / Arena.ALIGNMENT * Arena.ALIGNMENT;
    }

    @Override
    public void close() {
        blocks.forEach(BytePointer::releaseReference);
        blocks.clear();
        largest = 0;
    }
}
