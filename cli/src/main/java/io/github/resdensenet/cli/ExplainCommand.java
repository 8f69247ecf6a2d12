package io.github.resdensenet.cli;

import io.github.resdensenet.checkpoint.AtomicFiles;
import io.github.resdensenet.explain.Explainer;
import io.github.resdensenet.explain.Explanation;
import io.github.resdensenet.explain.ExplanationFigure;
import io.github.resdensenet.explain.ExplanationText;
import io.github.resdensenet.explain.Method;
import io.github.resdensenet.explain.Request;
import io.github.resdensenet.explain.Sanity;
import io.github.resdensenet.report.Png;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {
            "Marks the parts of pictures that speak for a class, and says whether to believe the marks.",
            "Writes, for each picture, NAME-METHOD.png (the picture, the marks, the checks), NAME-METHOD-map.png (the map"
                    + " alone, grey, at the network's input size: white is its largest value, black no evidence) and"
                    + " NAME-METHOD.json (everything, with the map as numbers at its own size). A picture that cannot be"
                    + " read is reported, the others go on; then the exit status is 1."
        })
final class ExplainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "run folder")
    private Path run = Path.of("");

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "IMAGE", description = "pictures")
    private List<Path> pictures = new ArrayList<>();

    @Option(
            names = "--method",
            paramLabel = "gradcam|gradcam++|layercam|occlusion",
            description = "how to find the parts (default: gradcam)")
    private String method = Method.GRADCAM.label();

    @Option(
            names = "--stage",
            paramLabel = "N",
            description = "stage of the network to look at, 0 the stem; early ones are finer (default: the last)")
    private int stage = Request.LAST_STAGE;

    @Option(names = "--target", paramLabel = "CLASS", description = "class to explain (default: the most probable one)")
    private @Nullable String target;

    @Option(
            names = "--patch",
            paramLabel = "N",
            description =
                    "occlusion: size of the grey patch in pixels of the network's input (default: an eighth of it)")
    private int patch;

    @Option(
            names = "--stride",
            paramLabel = "N",
            description = "occlusion: distance of its places in pixels (default: half the patch)")
    private int stride;

    @Option(names = "--no-check", description = "leave out the checks: deletion, insertion, random weights")
    private boolean noCheck;

    @Option(names = "--out", paramLabel = "DIR", description = "folder for the files (default: RUN/explain)")
    private @Nullable Path out;

    @Override
    public Integer call() throws Exception {
        Request request = new Request(Method.of(method), stage, Optional.ofNullable(target), patch, stride);
        PrintWriter err = spec.commandLine().getErr();
        Progress progress = new Progress(err);
        Set<String> names = new HashSet<>();
        int failed = 0;
        try (Explainer explainer = Explainer.load(run)) {
            explainer.check(request);
            Path folder = Files.createDirectories(out != null ? out : run.resolve("explain"));
            for (int i = 0; i < pictures.size(); i++) {
                progress.show("Explaining", i, pictures.size(), "");
                try {
                    write(explainer, request, pictures.get(i), folder.resolve(name(pictures.get(i), names)), progress);
                } catch (IOException e) {
                    failed++;
                    progress.clear();
                    err.println("resdensenet: " + Main.message(e));
                }
            }
        }
        progress.clear();
        return failed == 0 ? 0 : 1;
    }

    /** The picture's name without its ending, with a number if another of these pictures has it. */
    private static String name(Path picture, Set<String> taken) {
        String file = String.valueOf(picture.getFileName());
        String stem = file.contains(".") ? file.substring(0, file.lastIndexOf('.')) : file;
        String name = stem;
        for (int i = 2; !taken.add(name); i++) {
            name = stem + "-" + i;
        }
        return name;
    }

    private void write(Explainer explainer, Request request, Path picture, Path base, Progress progress)
            throws IOException {
        Explanation explanation = explainer.explain(picture, request);
        Optional<Sanity> sanity = noCheck ? Optional.empty() : Optional.of(explainer.check(explanation));
        Path figure = base.resolveSibling(base.getFileName() + "-" + method + ".png");
        byte[] drawn = ExplanationFigure.of(String.valueOf(picture.getFileName()), explanation, sanity)
                .png();
        AtomicFiles.write(figure, drawn);
        int size = explanation.picture().width();
        byte[] map = Png.grey(size, size, explanation.greyMap());
        AtomicFiles.write(base.resolveSibling(base.getFileName() + "-" + method + "-map.png"), map);
        AtomicFiles.write(
                base.resolveSibling(base.getFileName() + "-" + method + ".json"),
                Json.line(ExplanationText.json(picture.toString(), explanation, sanity)) + "\n");
        progress.clear();
        PrintWriter results = spec.commandLine().getOut();
        results.println(picture + ": " + ExplanationText.caption(explanation) + " -> " + figure);
        sanity.ifPresent(s -> results.println("  " + s.verdict()));
    }
}
