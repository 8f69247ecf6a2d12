package io.github.resdensenet.data;

import io.github.resdensenet.image.ImageException;
import io.github.resdensenet.util.LinesException;
import java.util.List;
import java.util.stream.Stream;

/** Signals that images of a data set cannot be read. The message lists each image with the reason. */
final class UnreadableImages extends LinesException {
    private static final long serialVersionUID = 1;

    /** Creates an exception. The message has one line per file, after a heading if there are several files. */
    UnreadableImages(List<ImageException> faults) {
        super(lines(faults));
    }

    private static List<String> lines(List<ImageException> faults) {
        if (faults.size() == 1) {
            return List.of(String.valueOf(faults.get(0).getMessage()));
        }
        return Stream.concat(
                        Stream.of(faults.size() + " images cannot be read:"),
                        faults.stream().map(fault -> "  " + fault.getMessage()))
                .toList();
    }
}
