package io.github.resdensenet.report;

import com.google.protobuf.ByteString;
import io.github.resdensenet.proto.tensorboard.Event;
import io.github.resdensenet.proto.tensorboard.HParamsPluginData;
import io.github.resdensenet.proto.tensorboard.HParamsPluginData.SessionStartInfo;
import io.github.resdensenet.proto.tensorboard.HParamsPluginData.Setting;
import io.github.resdensenet.proto.tensorboard.StringTensor;
import io.github.resdensenet.proto.tensorboard.Summary;
import io.github.resdensenet.proto.tensorboard.SummaryMetadata;
import io.github.resdensenet.proto.tensorboard.SummaryMetadata.PluginData;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Builds a TensorBoard event file: TFRecord records that each contain an {@code Event} of TensorFlow's event.proto.
 *
 * <p>A record consists of the length of the data (8 bytes, little endian), the masked CRC-32C of these 8 bytes, the
 * data, and the masked CRC-32C of the data. The mask is ((crc >> 15) | (crc << 17)) + 0xa282ead8.
 */
final class EventFile {
    private static final int DT_STRING = 7;
    private static final int RGB = 3;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /**
     * Creates a file without events.
     *
     * @param wallTime start time in seconds since 1970-01-01 UTC
     */
    public EventFile(double wallTime) {
        record(Event.newBuilder().setWallTime(wallTime).setFileVersion("brain.Event:2"));
    }

    /** The start time of a file, from its first {@value #HEAD} bytes; 0 if there are fewer bytes. */
    public static double wallTime(byte[] head) {
        return head.length < HEAD
                ? 0
                : ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getDouble(HEAD - 8);
    }

    /** Number of bytes that {@link #wallTime} needs: length of the record, checksum, tag and time. */
    public static final int HEAD = 8 + 4 + 1 + 8;

    /** Adds a number at a step. TensorBoard stores numbers as float32. */
    public EventFile scalar(String tag, long step, double wallTime, double value) {
        return value(step, wallTime, Summary.Value.newBuilder().setTag(tag).setSimpleValue((float) value));
    }

    /** Adds an image at a step, as an RGB PNG file. */
    public EventFile image(String tag, long step, double wallTime, int width, int height, byte[] png) {
        Summary.Image.Builder image = Summary.Image.newBuilder()
                .setHeight(height)
                .setWidth(width)
                .setColorspace(RGB)
                .setEncodedImageString(ByteString.copyFrom(png));
        return value(step, wallTime, Summary.Value.newBuilder().setTag(tag).setImage(image));
    }

    /** Adds a text in Markdown. */
    public EventFile text(String tag, long step, double wallTime, String markdown) {
        StringTensor.Shape.Builder shape = StringTensor.Shape.newBuilder()
                .addDim(StringTensor.Shape.Dimension.newBuilder().setSize(1));
        StringTensor.Builder tensor = StringTensor.newBuilder()
                .setDtype(DT_STRING)
                .setTensorShape(shape)
                .addStringVal(markdown);
        return value(
                step,
                wallTime,
                Summary.Value.newBuilder()
                        .setTag(tag)
                        .setMetadata(plugin("text", ByteString.EMPTY))
                        .setTensor(tensor));
    }

    /** Adds the settings of a run for the HPARAMS tab. Values are numbers, booleans or strings. */
    public EventFile hyperParameters(double wallTime, Map<String, Object> settings) {
        SessionStartInfo.Builder start = SessionStartInfo.newBuilder().setStartTimeSecs(wallTime);
        settings.forEach((key, value) -> start.putHparams(key, setting(value)));
        ByteString content = HParamsPluginData.newBuilder()
                .setSessionStartInfo(start)
                .build()
                .toByteString();
        return value(
                0,
                wallTime,
                Summary.Value.newBuilder()
                        .setTag("_hparams_/session_start_info")
                        .setMetadata(plugin("hparams", content)));
    }

    private static Setting setting(Object value) {
        Setting.Builder setting = Setting.newBuilder();
        if (value instanceof Number number) {
            return setting.setNumberValue(number.doubleValue()).build();
        }
        return (value instanceof Boolean flag ? setting.setBoolValue(flag) : setting.setStringValue(value.toString()))
                .build();
    }

    private static SummaryMetadata.Builder plugin(String name, ByteString content) {
        return SummaryMetadata.newBuilder()
                .setPluginData(PluginData.newBuilder().setPluginName(name).setContent(content));
    }

    private EventFile value(long step, double wallTime, Summary.Value.Builder value) {
        record(Event.newBuilder()
                .setWallTime(wallTime)
                .setStep(step)
                .setSummary(Summary.newBuilder().addValue(value)));
        return this;
    }

    private void record(Event.Builder event) {
        byte[] data = event.build().toByteArray();
        ByteBuffer head = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN).putLong(data.length);
        head.putInt(maskedCrc(head.array(), 8));
        ByteBuffer tail = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(maskedCrc(data, data.length));
        out.writeBytes(head.array());
        out.writeBytes(data);
        out.writeBytes(tail.array());
    }

    private static int maskedCrc(byte[] data, int length) {
        CRC32C crc = new CRC32C();
        crc.update(data, 0, length);
        int value = (int) crc.getValue();
        return ((value >>> 15) | (value << 17)) + 0xa282ead8;
    }

    /** The bytes of the file. */
    public byte[] bytes() {
        return out.toByteArray();
    }
}
