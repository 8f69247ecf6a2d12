package io.github.resdensenet.data;

import java.nio.file.Path;

/**
 * One picture of an {@link ImageFolder}.
 *
 * @param path where the file is
 * @param name its path inside the folder, with forward slashes
 * @param classIndex index of its class in {@link ImageFolder#classes}
 */
public record ImageSample(Path path, String name, int classIndex) {}
