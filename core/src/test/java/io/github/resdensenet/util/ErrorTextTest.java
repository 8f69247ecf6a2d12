package io.github.resdensenet.util;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.distributed.LostProcessException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class ErrorTextTest {
    @Test
    void namesAClassOnlyIfTheErrorIsUnexpected() {
        assertThat(ErrorText.of(new LostProcessException("rank 1 does not answer", new IOException())))
                .isEqualTo("rank 1 does not answer");
        assertThat(ErrorText.of(new UncheckedIOException(new NoSuchFileException("a.png"))))
                .isEqualTo("a.png: no such file or folder");
        assertThat(ErrorText.of(new IllegalStateException("two\nlines")))
                .isEqualTo("unexpected IllegalStateException: two");
    }
}
