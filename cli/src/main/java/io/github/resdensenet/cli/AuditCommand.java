package io.github.resdensenet.cli;

import io.github.resdensenet.data.BuiltInData;
import io.github.resdensenet.data.audit.Audit;
import io.github.resdensenet.data.audit.AuditedFile;
import io.github.resdensenet.data.audit.AuditedFile.Verdict;
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
        description =
                "Looks at every file of a picture folder: what can be read, what is there twice, what is under two"
                        + " labels. The exit status is 1 if something must be mended.")
final class AuditCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "image folder with one folder a class")
    private Path folder = Path.of("");

    @Option(names = "--json", description = "print one JSON object with every file")
    private boolean json;

    @Option(
            names = "--exif",
            description = "turn pictures as their EXIF orientation says, as data.exifOrientation=apply")
    private boolean upright;

    @Option(names = "--threads", paramLabel = "N", description = "threads that decode (default: one a processor)")
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
        List<Map<String, Object>> repeats = new ArrayList<>();
        for (Audit.Repeat repeat : audit.repeats()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("kind", repeat.kind());
            fields.put("first", repeat.first());
            fields.put("second", repeat.second());
            fields.put("two_labels", repeat.twoLabels());
            repeats.add(fields);
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("folder", audit.root().toString());
        fields.put("good", audit.isGood());
        fields.put("classes", audit.classes());
        fields.put("problems", audit.problems());
        fields.put("remarks", audit.remarks());
        fields.put("duplicates", repeats);
        fields.put("files", files);
        return fields;
    }

    private static void print(Audit audit, PrintWriter out) {
        long pictures = audit.classes().values().stream().mapToInt(n -> n).sum();
        out.println(audit.root() + ": " + pictures + " pictures in "
                + audit.classes().size() + " classes");
        audit.classes().forEach((name, n) -> out.printf("  %8d  %s%n", n, name));
        for (Verdict verdict : List.of(Verdict.REFUSED, Verdict.IGNORED)) {
            List<AuditedFile> files =
                    audit.files().stream().filter(f -> f.verdict() == verdict).toList();
            if (!files.isEmpty()) {
                out.println(verdict.label() + ": " + files.size());
                files.forEach(f -> out.println("  " + f.path() + ": " + f.reason()));
            }
        }
        if (!audit.repeats().isEmpty()) {
            out.println("there again: " + audit.repeats().size());
            audit.repeats()
                    .forEach(r -> out.println("  " + r.second() + " is " + r.first() + " (" + r.kind()
                            + (r.twoLabels() ? ", under two labels" : "") + ")"));
        }
        audit.remarks().forEach(remark -> out.println("Remark: " + remark));
        audit.problems().forEach(problem -> out.println("Problem: " + problem));
        out.println(
                audit.isGood()
                        ? "Nothing must be mended."
                        : audit.problems().size() == 1
                                ? "1 problem must be mended."
                                : audit.problems().size() + " problems must be mended.");
    }
}
