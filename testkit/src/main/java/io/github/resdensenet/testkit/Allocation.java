package io.github.resdensenet.testkit;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Measures heap allocation. */
public final class Allocation {
    private Allocation() {}

    /** Returns the number of bytes that the current thread has allocated on the heap so far, including freed ones. */
    public static long ofThisThread() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}
