package io.github.resdensenet.serve;

import java.util.concurrent.atomic.AtomicLong;

/** The bytes of one request that the service holds, out of an amount for all requests together. */
final class HeldBytes {
    private final AtomicLong all;
    private final long most;
    private long own;
    private boolean released;

    /**
     * Creates a request that holds nothing yet.
     *
     * @param all the bytes that all requests hold
     * @param most the largest amount for all requests
     */
    HeldBytes(AtomicLong all, long most) {
        this.all = all;
        this.most = most;
    }

    /** Adds bytes; false if that would be too many. */
    synchronized boolean add(int bytes) {
        if (released) {
            return false;
        }
        if (all.addAndGet(bytes) > most) {
            all.addAndGet(-bytes);
            return false;
        }
        own += bytes;
        return true;
    }

    /** Returns all bytes; none can be added afterwards. */
    synchronized void release() {
        released = true;
        all.addAndGet(-own);
        own = 0;
    }
}
