package io.github.resdensenet.testkit;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** How much heap a piece of work takes. */
public final class Allocation {
    private Allocation() {}

    /** Bytes that this thread has allocated on the heap so far, freed or not. */
    public static long ofThisThread() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}
