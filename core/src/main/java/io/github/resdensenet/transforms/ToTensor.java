package io.github.resdensenet.transforms;

/** Bytes 0 to 255 to floats 0 to 1, channels first. */
public record ToTensor() {
    @Override
    public String toString() {
        return "ToTensor()";
    }
}
