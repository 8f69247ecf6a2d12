package io.github.resdensenet.cli;

import io.github.resdensenet.data.BuiltInData;
import io.github.resdensenet.data.audit.Audit;
import io.github.resdensenet.data.audit.Audit.AuditedFile;
import io.github.resdensenet.data.audit.Audit.AuditedFile.Verdict;
import io.github.resdensenet.util.Text;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "audit",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {
            "Finds unreadable files, duplicates and conflicting labels in an image folder.",
            "The exit status is 1 if the folder has a problem: an unreadable file, conflicting labels (duplicates in"
                    + " different classes, except mirror images), a class without readable images, or fewer than two"
                    + " classes. Remarks and ignored files do not change the exit status."
        },
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet audit photos         check an image folder",
            "  resdensenet audit photos --json  print every file as JSON"
        })
final class AuditCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "DIR",
            description = "image folder with one subfolder per class, or fashion3 for the built-in images")
    private Path folder = Path.of("");

    @Option(names = "--json", description = "print one JSON object on one line, with every file (default: text)")
    private boolean json;

    @Option(
            names = "--exif",
            description = {
                "apply the EXIF orientation (default: ignore it, except in TIFF files)",
                "This corresponds to train --set data.exifOrientation=apply."
            })
    private boolean upright;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "number of decoding threads (default: one per logical CPU)")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Override
    public Integer call() throws Exception {
        Progress progress = new Progress(spec.commandLine().getErr());
        Audit audit = Audit.of(
                BuiltInData.resolve(folder.toString()),
                upright,
                threads,
                (done, total) -> progress.show("Auditing", done, total, ""));
        progress.clear();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.line(fields(audit)));
        } else {
            print(audit, out);
        }
        return audit.isGood() ? 0 : 1;
    }

    private static Map<String, Object> fields(Audit audit) {
        List<Map<String, Object>> files = new ArrayList<>();
        for (AuditedFile file : audit.files()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("path", file.path());
            fields.put("class", file.className());
            fields.put("verdict", file.verdict().label());
            fields.put("reason", file.reason());
            fields.put("bytes", file.bytes());
            fields.put("sha256", file.sha256());
            fields.put("width", file.width());
            fields.put("height", file.height());
            files.add(fields);
        }
        List<Map<String, Object>> duplicates = new ArrayList<>();
        for (Audit.Repeat duplicate : audit.repeats()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("kind", duplicate.kind());
            fields.put("first", duplicate.first());
            fields.put("second", duplicate.second());
            fields.put("two_labels", duplicate.twoLabels());
            duplicates.add(fields);
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("folder", audit.root().toString());
        fields.put("good", audit.isGood());
        fields.put("classes", audit.classes());
        fields.put("problems", audit.problems());
        fields.put("remarks", audit.remarks());
        fields.put("duplicates", duplicates);
        fields.put("files", files);
        return fields;
    }

    private static void print(Audit audit, PrintWriter out) {
        long images = audit.classes().values().stream().mapToInt(n -> n).sum();
        print(
                out,
                audit.root() + ": " + images + " images in " + audit.classes().size() + " classes");
        audit.classes().forEach((name, n) -> print(out, "  %8d  %s".formatted(n, name)));
        for (Verdict verdict : List.of(Verdict.REFUSED, Verdict.IGNORED)) {
            List<AuditedFile> files =
                    audit.files().stream().filter(f -> f.verdict() == verdict).toList();
            if (!files.isEmpty()) {
                out.println((verdict == Verdict.REFUSED ? "rejected: " : "ignored: ") + files.size());
                files.forEach(f -> print(out, "  " + f.path() + ": " + f.reason()));
            }
        }
        if (!audit.repeats().isEmpty()) {
            out.println("duplicates: " + audit.repeats().size());
            audit.repeats()
                    .forEach(r -> print(
                            out,
                            "  " + r.second() + " duplicates " + r.first() + " (" + r.kind()
                                    + (r.twoLabels() ? ", conflicting labels" : "") + ")"));
        }
        audit.remarks().forEach(remark -> print(out, "Remark: " + remark));
        audit.problems().forEach(problem -> print(out, "Problem: " + problem));
        out.println(
                audit.isGood()
                        ? "No problems found."
                        : audit.problems().size() == 1
                                ? "1 problem found. Fix it before training."
                                : audit.problems().size() + " problems found. Fix them before training.");
    }

    /** Prints a line that may contain names of files and classes. */
    private static void print(PrintWriter out, String line) {
        out.println(Text.printable(line));
    }
}
