package io.github.resdensenet.data;

import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;

/** Pictures of a data set that cannot be read, all of them, each with its reason. */
public final class BadImages extends IOException {
    private static final long serialVersionUID = 1;

    /** One line for one file, else a line for each. */
    BadImages(List<ImageException> faults) {
        super(
                faults.size() == 1
                        ? faults.get(0).getMessage()
                        : faults.size() + " pictures cannot be read:"
                                + faults.stream()
                                        .map(f -> "\n  " + f.getMessage())
                                        .collect(Collectors.joining()));
    }
}
