package io.github.resdensenet.testkit;

/** How much a test tries: little by default, everything with {@code -Pslow}. */
public final class Extent {
    private Extent() {}

    /** Whether everything is tried. */
    public static boolean isFull() {
        return Boolean.getBoolean("slow");
    }

    /** The brief number by default, the full number with {@code -Pslow}. */
    public static int of(int brief, int full) {
        return isFull() ? full : brief;
    }
}
