package io.github.resdensenet.spark;

/** Settings of the native libraries in an executor, which this project's launcher does not start. */
final class SparkNatives {
    private SparkNatives() {}

    /** Call this before the first use of a native library. Values that the user has set stay. */
    static void prepare() {
        // Spark limits the memory of an executor; JavaCPP's own limits count the heap, too, and are too low
        setDefault("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        setDefault("org.bytedeco.javacpp.maxBytes", "0");
        setDefault("java.awt.headless", "true");
    }

    private static void setDefault(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }
}
