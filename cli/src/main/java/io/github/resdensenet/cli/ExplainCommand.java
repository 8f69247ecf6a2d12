package io.github.resdensenet.cli;

import io.github.resdensenet.explain.Explainer;
import io.github.resdensenet.explain.Explainer.Request;
import io.github.resdensenet.explain.Explanation;
import io.github.resdensenet.explain.FaithfulnessCheck;
import io.github.resdensenet.explain.Method;
import io.github.resdensenet.image.PngWriter;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Text;
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
            "Explains predictions with attribution maps and checks how faithful the maps are.",
            "Writes three files per image; NAME is its file name without extension:",
            "  NAME-METHOD.png      the image, the attribution map and the checks",
            "  NAME-METHOD-map.png  the map in grey-scale, at the network's input size:",
            "                       white is its largest value, black is no evidence",
            "  NAME-METHOD.json     all values, with the map at its own resolution",
            "Unreadable images are reported and skipped; the exit status is then 1."
        },
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet explain runs/photos cat.jpg                     use Grad-CAM",
            "  resdensenet explain runs/photos cat.jpg --method occlusion  use occlusion"
        })
final class ExplainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "run folder")
    private Path run = Path.of("");

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "IMAGE", description = "images to explain")
    private List<Path> images = new ArrayList<>();

    @Option(
            names = "--method",
            paramLabel = "gradcam|gradcam++|layercam|occlusion",
            description = "attribution method (default: gradcam)")
    private String method = Method.GRADCAM.label();

    @Option(
            names = "--stage",
            paramLabel = "N",
            description = "index of the network stage to explain, from 0 (the stem). Earlier stages give finer maps. An"
                    + " invalid index prints the list of stages. Not allowed with occlusion (default: the last"
                    + " stage)")
    private int stage = Request.LAST_STAGE;

    @Option(names = "--target", paramLabel = "CLASS", description = "class to explain (default: the predicted class)")
    private @Nullable String target;

    @Option(
            names = "--patch",
            paramLabel = "N",
            description = "occlusion only: height and width of the patch, in pixels of the network's input"
                    + " (default: an eighth of the input size)")
    private int patch;

    @Option(
            names = "--stride",
            paramLabel = "N",
            description = "occlusion only: distance between patch positions in pixels (default: half the patch)")
    private int stride;

    @Option(
            names = "--no-check",
            description = "skip the faithfulness checks: deletion, insertion and random weights (default: run them)")
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
            for (int i = 0; i < images.size(); i++) {
                progress.show("Explaining", i, images.size(), "");
                try {
                    write(explainer, request, images.get(i), folder.resolve(name(images.get(i), names)), progress);
                } catch (IOException e) {
                    failed++;
                    progress.clear();
                    err.println("resdensenet: " + Text.printable(Main.message(e)));
                }
            }
        }
        progress.clear();
        return failed == 0 ? 0 : 1;
    }

    /** The image's file name without extension, with a number if another image has the same name. */
    private static String name(Path image, Set<String> taken) {
        String file = String.valueOf(image.getFileName());
        String stem = file.contains(".") ? file.substring(0, file.lastIndexOf('.')) : file;
        String name = stem;
        for (int i = 2; !taken.add(name); i++) {
            name = stem + "-" + i;
        }
        return name;
    }

    private void write(Explainer explainer, Request request, Path image, Path base, Progress progress)
            throws IOException {
        Explanation explanation = explainer.explain(image, request);
        Optional<FaithfulnessCheck> check = noCheck ? Optional.empty() : Optional.of(explainer.check(explanation));
        Path figure = base.resolveSibling(base.getFileName() + "-" + method + ".png");
        byte[] drawn =
                explanation.figure(String.valueOf(image.getFileName()), check).png();
        AtomicFiles.write(figure, drawn);
        int size = explanation.image().width();
        byte[] map = PngWriter.grey(size, size, explanation.greyMap());
        AtomicFiles.write(base.resolveSibling(base.getFileName() + "-" + method + "-map.png"), map);
        AtomicFiles.write(
                base.resolveSibling(base.getFileName() + "-" + method + ".json"),
                Json.line(explanation.json(image.toString(), check)) + "\n");
        progress.clear();
        PrintWriter results = spec.commandLine().getOut();
        results.println(Text.printable(image + ": " + explanation.caption() + " -> " + figure));
        check.ifPresent(c -> results.println("  " + c.verdict()));
    }
}
