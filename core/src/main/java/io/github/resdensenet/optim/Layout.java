package io.github.resdensenet.optim;

import io.github.resdensenet.nn.ImageClassifier;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;

/**
 * Where each parameter lies in a block of memory that holds them all.
 *
 * @param places the parameters, in the order of the block
 * @param segments ranges of parameters that are treated alike, in the order of the block
 */
record Layout(List<Place> places, List<Segment> segments) {
    /**
     * A parameter in the block.
     *
     * @param offset its first element
     */
    record Place(String name, Tensor parameter, long offset) {
        /** The part of a block of the same layout that belongs to the parameter, with its shape and strides. */
        Tensor view(Tensor block) {
            long[] strides = new long[(int) parameter.dim()];
            for (int i = 0; i < strides.length; i++) {
                strides[i] = parameter.stride(i);
            }
            return block.as_strided(parameter.shape(), strides, new LongOptional(offset));
        }
    }

    /**
     * A range of the block.
     *
     * @param from first element
     * @param to end of the range
     * @param head whether the parameters belong to the head
     * @param decays whether weight decay applies to them
     */
    record Segment(long from, long to, boolean head, boolean decays) {
        private boolean continues(Segment other) {
            return other.to == from && other.head == head && other.decays == decays;
        }
    }

    /**
     * Arranges the parameters of a model: in their order if all of them decay, otherwise with those that decay first. The
     * parameters of the head are side by side in both cases.
     *
     * @param decayAll whether weight decay applies to parameters with one dimension too: normalisation and biases
     */
    static Layout of(ImageClassifier model, boolean decayAll) {
        String prefix = model.headName() + ".";
        List<Place> places = new ArrayList<>();
        List<Segment> segments = new ArrayList<>();
        long offset = 0;
        for (Map.Entry<String, Tensor> named : inOrder(model, decayAll)) {
            Tensor parameter = named.getValue();
            places.add(new Place(named.getKey(), parameter, offset));
            Segment next = new Segment(
                    offset,
                    offset + parameter.numel(),
                    named.getKey().startsWith(prefix),
                    decayAll || parameter.dim() > 1);
            int last = segments.size() - 1;
            if (last >= 0 && next.continues(segments.get(last))) {
                segments.set(last, new Segment(segments.get(last).from, next.to, next.head, next.decays));
            } else {
                segments.add(next);
            }
            offset = next.to;
        }
        return new Layout(List.copyOf(places), List.copyOf(segments));
    }

    private static List<Map.Entry<String, Tensor>> inOrder(ImageClassifier model, boolean decayAll) {
        List<Map.Entry<String, Tensor>> all =
                List.copyOf(model.namedParameters().entrySet());
        if (decayAll) {
            return all;
        }
        Predicate<Map.Entry<String, Tensor>> head = named -> named.getKey().startsWith(model.headName() + ".");
        Predicate<Map.Entry<String, Tensor>> decays = named -> named.getValue().dim() > 1;
        return Stream.of(
                        decays.and(head.negate()),
                        decays.and(head),
                        head.and(decays.negate()),
                        head.negate().and(decays.negate()))
                .flatMap(part -> all.stream().filter(part))
                .toList();
    }

    /** The part of a block that belongs to each parameter, by name. */
    Map<String, Tensor> views(Tensor block) {
        Map<String, Tensor> views = new LinkedHashMap<>();
        places.forEach(place -> views.put(place.name, place.view(block)));
        return views;
    }
}
