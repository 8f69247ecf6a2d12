package io.github.resdensenet.data.audit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Pictures that are in a list more than once, as they are or changed a little. */
public final class Duplicates {
    /** Bits in which the perceptual hashes of two copies may differ. */
    private static final int MAX_BITS = 12;

    /** Difference of two copies' thumbnails as a share of their contrast: resizing and JPEG stay below, others above. */
    private static final double MAX_DIFFERENCE = 0.085;

    /** How a picture is there again. */
    public enum Kind {
        /** Every pixel is the same. */
        SAME("the same pixels"),
        /** Resized or written anew with some loss. */
        NEAR("resized or re-encoded"),
        /** The mirror image, resized or not. */
        MIRRORED("mirrored");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        /** The kind in words. */
        public String words() {
            return words;
        }
    }

    /**
     * A picture and the first one that it repeats.
     *
     * @param first index of the earlier one
     * @param second index of the later one
     * @param kind how they differ
     */
    public record Pair(int first, int second, Kind kind) {}

    private Duplicates() {}

    /** Finds the repetitions in a list; each picture is in at most one pair as the second. */
    public static List<Pair> find(List<Fingerprint> prints) {
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

    /** For each of {@code n} pictures the index of the first one that it belongs together with, its own if alone. */
    public static int[] groups(int n, List<Pair> pairs) {
        int[] group = IntStream.range(0, n).toArray();
        // A second is always later than its first, whose group is settled once all earlier pairs are.
        pairs.stream().sorted((p, q) -> Integer.compare(p.second(), q.second())).forEach(pair -> {
            group[pair.second()] = group[pair.first()];
        });
        return group;
    }
}
