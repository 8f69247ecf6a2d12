package io.github.resdensenet.transforms;

/**
 * A stream of random numbers that depends on its key alone: the same seed, epoch and sample give the same numbers,
 * whichever thread asks and in whichever order.
 *
 * <p>SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014). Written out
 * here because the JDK does not promise that its generators stay the same from one release to the next.
 */
public final class KeyedRandom {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private long state;

    private KeyedRandom(long state) {
        this.state = state;
    }

    /** The stream for a key, for instance (seed, epoch, sample index). */
    public static KeyedRandom of(long... key) {
        long state = 0;
        for (long part : key) {
            state = mix(state + GOLDEN_GAMMA) ^ mix(part * GOLDEN_GAMMA + 1);
        }
        return new KeyedRandom(state);
    }

    /** 64 random bits. */
    public long nextLong() {
        state += GOLDEN_GAMMA;
        return mix(state);
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** Uniform in [0, 1). */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1.0p-53;
    }

    /** Uniform in [low, high). */
    public double nextDouble(double low, double high) {
        return low + (high - low) * nextDouble();
    }

    /** Uniform in 0 .. bound - 1; the bias is below bound / 2^53. */
    public int nextInt(int bound) {
        return (int) (nextDouble() * bound);
    }

    /** The numbers 0 .. n - 1 in random order (Fisher-Yates). */
    public int[] permutation(int n) {
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            int j = nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }
}
