package io.github.resdensenet.util;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts further JVMs with the class path of this one. */
public final class ChildJvm {
    private ChildJvm() {}

    /**
     * Returns the command line of a JVM.
     *
     * @param options options of the JVM
     * @param main the class to run
     * @param arguments arguments of the class
     */
    public static List<String> command(List<String> options, Class<?> main, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(arguments);
        return command;
    }

    /** In a child JVM: ends it when its standard input ends, that is when its parent ends. */
    public static void endWithParent() {
        Parallel.daemon("parent-watch", ChildJvm::awaitEndOfInput).start();
    }

    private static void awaitEndOfInput() {
        try {
            while (System.in.read() >= 0) {
                // the parent writes nothing
            }
        } catch (IOException e) {
            // as at the end
        }
        Runtime.getRuntime().halt(1);
    }
}
