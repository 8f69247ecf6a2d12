package io.github.resdensenet.spark;

import io.github.resdensenet.data.ImageFolder;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.jspecify.annotations.Nullable;

/**
 * Lists images on Hadoop's file systems. Spark's own listing leaves out names that start with an underscore or a dot, as
 * some cameras write them.
 */
final class ImageListing {
    private final Configuration configuration;
    private final List<String> images = new ArrayList<>();

    ImageListing(Configuration configuration) {
        this.configuration = configuration;
    }

    /**
     * Adds an image file whatever its extension, a folder's images, or a glob's images and folders.
     *
     * @throws IOException if it does not exist or has no images
     */
    void add(String place) throws IOException {
        int before = images.size();
        Path path = new Path(place);
        FileSystem system = path.getFileSystem(configuration);
        FileStatus status = existing(system, path);
        if (status != null) {
            addAll(system, status, true);
        } else {
            for (FileStatus match : matches(system, path, place)) {
                addAll(system, match, false);
            }
        }
        if (images.size() == before) {
            throw new IOException(place + ": no images in this folder");
        }
    }

    /** The paths as URIs, in the order in which they were listed. */
    List<String> images() {
        return List.copyOf(images);
    }

    private static @Nullable FileStatus existing(FileSystem system, Path path) throws IOException {
        try {
            return system.getFileStatus(path);
        } catch (FileNotFoundException e) {
            return null;
        }
    }

    private static FileStatus[] matches(FileSystem system, Path glob, String place) throws IOException {
        FileStatus[] matches;
        try {
            matches = system.globStatus(glob);
        } catch (IllegalArgumentException e) {
            throw new IOException(place + ": a glob cannot match names with a colon; give the folder", e);
        }
        if (matches == null || matches.length == 0) {
            throw new FileNotFoundException(place + ": does not exist");
        }
        return matches;
    }

    private void addAll(FileSystem system, FileStatus status, boolean named) throws IOException {
        if (!status.isDirectory()) {
            if (named || ImageFolder.hasExtension(status.getPath().getName())) {
                images.add(status.getPath().toString());
            }
        } else if (system instanceof LocalFileSystem) {
            // as predict does: with links, and with what cannot be read, so that its row has the reason
            for (java.nio.file.Path image : ImageFolder.images(
                    java.nio.file.Path.of(status.getPath().toUri().getPath()))) {
                images.add(new Path("file", null, image.toString()).toString());
            }
        } else {
            RemoteIterator<LocatedFileStatus> files = system.listFiles(status.getPath(), true);
            while (files.hasNext()) {
                Path file = files.next().getPath();
                if (ImageFolder.hasExtension(file.getName())) {
                    images.add(file.toString());
                }
            }
        }
    }
}
