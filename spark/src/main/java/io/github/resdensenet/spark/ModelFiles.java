package io.github.resdensenet.spark;

import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Digest;
import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The best checkpoint of a run, without the optimiser's state, as the driver sends it to the executors. */
final class ModelFiles implements Serializable {
    private static final long serialVersionUID = 1;

    private final HashMap<String, byte[]> files = new HashMap<>();
    private final String digest;

    /** Reads a run. */
    ModelFiles(Path run) throws IOException {
        Path folder = Files.createTempDirectory("resdensenet-model-");
        try {
            Run.open(run).readModel().write(folder);
            try (DirectoryStream<Path> written = Files.newDirectoryStream(folder)) {
                for (Path file : written) {
                    files.put(file.getFileName().toString(), Files.readAllBytes(file));
                }
            }
            digest =
                    Digest.sha256(ByteBuffer.wrap(files.get("manifest.json"))); // it has the digests of the other files
        } finally {
            AtomicFiles.deleteTree(folder);
        }
    }

    /** Different for different models. */
    String digest() {
        return digest;
    }

    /** The checkpoint, with every file verified. */
    Checkpoint checkpoint() throws IOException {
        Path folder = Files.createTempDirectory("resdensenet-model-");
        try {
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                Files.write(folder.resolve(file.getKey()), file.getValue());
            }
            return Checkpoint.readModel(folder);
        } finally {
            AtomicFiles.deleteTree(folder);
        }
    }
}
