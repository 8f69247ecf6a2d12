package io.github.resdensenet.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.resdensenet.image.PngWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventFileTest {
    private static final double START = 1_700_000_000.25;

    @TempDir
    private Path folder;

    private static EventFile file() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("train.lr", 1e-3);
        settings.put("data.shuffle", true);
        settings.put("data.path", "膝关节");
        byte[] dot = PngWriter.rgb(2, 1, new byte[] {0, 1, 2, 3, 4, 5});
        return new EventFile(START)
                .text("recipe", 0, START, "    lr: 0.001")
                .hyperParameters(START, settings)
                .scalar("acc/val", 1, START + 1, 0.1)
                .scalar("acc/val", 300, START + 2, 1.0 / 3)
                .image("cam", 300, START + 2, 2, 1, dot);
    }

    @Test
    void scalarsKeepStepAndTime() {
        assertThat(EventReader.scalars(file().bytes()))
                .containsExactly(
                        new EventReader.Scalar("acc/val", 1, START + 1, 0.1f),
                        new EventReader.Scalar("acc/val", 300, START + 2, 1f / 3));
        assertThat(EventFile.wallTime(file().bytes())).isEqualTo(START);
        assertThat(EventFile.wallTime(new byte[5])).isZero();
    }

    @Test
    void firstRecordContainsFileVersion() {
        byte[] first = EventReader.records(new EventFile(0).bytes()).get(0);
        assertThat(EventReader.text(EventReader.fields(first).get(3).get(0))).isEqualTo("brain.Event:2");
    }

    @Test
    void hyperParametersContainAllSettings() {
        byte[] event = EventReader.records(file().bytes()).get(2);
        byte[] value = (byte[])
                EventReader.fields((byte[]) EventReader.fields(event).get(5).get(0))
                        .get(1)
                        .get(0);
        Map<Integer, List<Object>> of = EventReader.fields(value);
        assertThat(EventReader.text(of.get(1).get(0))).isEqualTo("_hparams_/session_start_info");
        byte[] plugin =
                (byte[]) EventReader.fields((byte[]) of.get(9).get(0)).get(1).get(0);
        byte[] content = (byte[]) EventReader.fields(plugin).get(2).get(0);
        byte[] start = (byte[]) EventReader.fields(content).get(3).get(0);
        List<Object> settings = EventReader.fields(start).get(1);
        assertThat(settings).hasSize(3);
        Map<Integer, List<Object>> path = EventReader.fields((byte[]) settings.get(2));
        assertThat(EventReader.text(path.get(1).get(0))).isEqualTo("data.path");
        assertThat(EventReader.text(
                        EventReader.fields((byte[]) path.get(2).get(0)).get(3).get(0)))
                .isEqualTo("膝关节");
    }

    @Test
    void tensorBoardReadsFile() throws Exception {
        String python = System.getenv("PYTHON");
        assumeTrue(python != null, "skipped: PYTHON does not name a Python with the tensorboard package");
        Files.write(folder.resolve("events.out.tfevents.0.test"), file().bytes());
        Path script = folder.resolve("read.py");
        Files.writeString(script, """
                import sys
                from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
                from tensorboard.plugins.hparams import plugin_data_pb2
                a = EventAccumulator(sys.argv[1])
                a.Reload()
                for e in a.Scalars("acc/val"):
                    print(e.step, e.wall_time, repr(e.value))
                image = a.Images("cam")[0]
                print(image.step, image.width, image.height, image.encoded_image_string[1:4].decode())
                print(a.Tensors("recipe")[0].tensor_proto.string_val[0].decode())
                content = a.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
                start = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info
                print(start.hparams["train.lr"].number_value, start.hparams["data.shuffle"].bool_value)
                """);
        Process process = new ProcessBuilder(python, script.toString(), folder.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(out.lines())
                .containsExactly(
                        "1 1700000001.25 " + (double) 0.1f,
                        "300 1700000002.25 " + (double) (1f / 3),
                        "300 2 1 PNG",
                        "    lr: 0.001",
                        "0.001 True");
    }
}
