package io.github.resdensenet.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import javax.imageio.stream.ImageInputStreamImpl;

/** Reads a file in memory, or mapped to memory, without a copy. */
final class ByteBufferInput extends ImageInputStreamImpl {
    private final ByteBuffer content;

    ByteBufferInput(ByteBuffer content) {
        this.content = content.duplicate();
    }

    @Override
    public int read() throws IOException {
        checkClosed();
        bitOffset = 0;
        return streamPos < content.limit() ? content.get((int) streamPos++) & 0xFF : -1;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        checkClosed();
        bitOffset = 0;
        int n = (int) Math.min(length, content.limit() - streamPos);
        if (n <= 0) {
            return length == 0 ? 0 : -1;
        }
        content.get((int) streamPos, into, offset, n);
        streamPos += n;
        return n;
    }

    @Override
    public long length() {
        return content.limit();
    }
}
