package io.github.resdensenet.util;

/**
 * A random number generator whose numbers depend only on its key, for example (seed, epoch, sample index).
 *
 * <p>Augmentation and shuffling are therefore reproducible for any number of threads and any order of execution.
 *
 * <p>The algorithm is SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA
 * 2014). It is implemented here because the JDK does not guarantee the same numbers in every release.
 */
public final class KeyedRandom {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private long state;

    private KeyedRandom(long state) {
        this.state = state;
    }

    /** Creates a generator for a key. */
    public static KeyedRandom of(long... key) {
        long state = 0;
        for (long part : key) {
            state = mix(state + GOLDEN_GAMMA) ^ mix(part * GOLDEN_GAMMA + 1);
        }
        return new KeyedRandom(state);
    }

    /** Returns 64 random bits. */
    public long nextLong() {
        state += GOLDEN_GAMMA;
        return mix(state);
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** Returns a number that is uniform in [0, 1). */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1.0p-53;
    }

    /** Returns a number that is uniform in [low, high). */
    public double nextDouble(double low, double high) {
        return low + (high - low) * nextDouble();
    }

    /** Returns an integer that is uniform in [0, bound). The bias is below bound / 2^53. */
    public int nextInt(int bound) {
        return (int) (nextDouble() * bound);
    }

    /** Returns a number from the standard normal distribution (Box-Muller transform). */
    public double nextGaussian() {
        double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - nextDouble()));
        return radius * StrictMath.cos(2 * Math.PI * nextDouble());
    }

    /** Returns a number from the symmetric Beta distribution with both parameters equal to {@code alpha}, above 0. */
    public double nextBeta(double alpha) {
        double logA = nextLogGamma(alpha);
        double logB = nextLogGamma(alpha);
        return 1 / (1 + StrictMath.exp(logB - logA));
    }

    /**
     * The logarithm of a number from the Gamma distribution with scale 1 (G. Marsaglia, W. Tsang, "A Simple Method for
     * Generating Gamma Variables", 2000). Of a shape below 1, numbers can be too small for a double.
     */
    private double nextLogGamma(double shape) {
        if (shape < 1) {
            return nextLogGamma(shape + 1) + StrictMath.log(1 - nextDouble()) / shape;
        }
        double d = shape - 1.0 / 3;
        double c = 1 / StrictMath.sqrt(9 * d);
        while (true) {
            double x = nextGaussian();
            double v = (1 + c * x) * (1 + c * x) * (1 + c * x);
            if (v > 0 && StrictMath.log(1 - nextDouble()) < 0.5 * x * x + d - d * v + d * StrictMath.log(v)) {
                return StrictMath.log(d * v);
            }
        }
    }

    /** Returns the integers 0 to n - 1 in random order (Fisher-Yates shuffle). */
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
