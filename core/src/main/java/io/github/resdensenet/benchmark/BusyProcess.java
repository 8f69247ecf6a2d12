package io.github.resdensenet.benchmark;

import io.github.resdensenet.util.ChildJvm;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;

/** A program that keeps one core busy. It ends when the process that started it ends. */
final class BusyProcess {
    private BusyProcess() {}

    /** Writes one byte and computes until the standard input is closed. */
    public static void main(String[] args) throws IOException {
        ChildJvm.endWithParent();
        try (FileOutputStream out = new FileOutputStream(FileDescriptor.out)) {
            out.write(1);
        }
        while (true) {
            Thread.onSpinWait();
        }
    }
}
