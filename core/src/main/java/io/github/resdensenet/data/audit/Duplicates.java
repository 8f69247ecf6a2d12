package io.github.resdensenet.data.audit;

import io.github.resdensenet.image.RgbImage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** Finds duplicates in a list of images: identical, resized, re-encoded or mirrored. */
public final class Duplicates {
    /** Maximum number of different bits in the perceptual hashes of duplicates. */
    private static final int MAX_BITS = 12;

    /**
     * Maximum difference of the thumbnails of duplicates, as a fraction of their contrast. Resized and recompressed
     * images stay below this limit, different images are above it.
     */
    private static final double MAX_DIFFERENCE = 0.085;

    /** The kind of a duplicate. */
    public enum Kind {
        /** Identical pixels. */
        SAME("the same pixels"),
        /** Resized, or re-encoded with some loss. */
        NEAR("resized or re-encoded"),
        /** Mirrored, possibly resized or re-encoded. */
        MIRRORED("mirrored");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        /** The kind in words, as in reports and copies.csv. */
        public String words() {
            return words;
        }
    }

    /**
     * An image and its duplicate.
     *
     * @param first index of the earlier image
     * @param second index of the later image
     * @param kind how the images differ
     */
    public record Pair(int first, int second, Kind kind) {}

    private Duplicates() {}

    /**
     * Finds duplicates among images; each image is the second of at most one pair.
     *
     * @param n number of images
     * @param image decodes an image; called once per image, in order
     */
    public static List<Pair> find(int n, IntFunction<RgbImage> image) {
        return find(IntStream.range(0, n)
                .mapToObj(i -> Fingerprint.of(image.apply(i)))
                .toList());
    }

    static List<Pair> find(List<Fingerprint> prints) {
        List<Pair> pairs = new ArrayList<>();
        Map<Long, Integer> seen = new HashMap<>();
        List<Integer> different = new ArrayList<>();
        for (int i = 0; i < prints.size(); i++) {
            Integer before = seen.putIfAbsent(prints.get(i).pixels(), i);
            if (before == null) {
                different.add(i);
            } else {
                pairs.add(new Pair(before, i, Kind.SAME));
            }
        }
        long[] hashes = new long[different.size()];
        for (int k = 0; k < hashes.length; k++) {
            Fingerprint print = prints.get(different.get(k));
            hashes[k] = print.hash();
            for (int j = 0; j < k; j++) {
                boolean near = Long.bitCount(hashes[j] ^ print.hash()) <= MAX_BITS;
                boolean mirrored = Long.bitCount(hashes[j] ^ print.mirrored()) <= MAX_BITS;
                if (near || mirrored) {
                    Optional<Kind> kind = compare(prints.get(different.get(j)), print, near, mirrored);
                    if (kind.isPresent()) {
                        pairs.add(new Pair(different.get(j), different.get(k), kind.get()));
                        break;
                    }
                }
            }
        }
        return pairs;
    }

    private static Optional<Kind> compare(Fingerprint a, Fingerprint b, boolean near, boolean mirrored) {
        double limit = MAX_DIFFERENCE * Math.max(1, Math.min(a.contrast(), b.contrast()));
        if (near && a.distance(b, false) <= limit) {
            return Optional.of(Kind.NEAR);
        }
        return mirrored && a.distance(b, true) <= limit ? Optional.of(Kind.MIRRORED) : Optional.empty();
    }

    /**
     * Groups duplicates.
     *
     * @param n number of images
     * @return the group of each image: the smallest index in its group
     */
    public static int[] groups(int n, List<Pair> pairs) {
        int[] group = IntStream.range(0, n).toArray();
        // In the order of their second images, the group of a pair's first image is final before the pair is reached.
        pairs.stream().sorted((p, q) -> Integer.compare(p.second(), q.second())).forEach(pair -> {
            group[pair.second()] = group[pair.first()];
        });
        return group;
    }
}
