package io.github.resdensenet.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.transforms.RgbImage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ImageDecoderTest {
    private static final Path NAME = Path.of("photo");

    @Test
    void givesPillowsPixelsForEveryKindOfFile() throws Exception {
        JsonNode files = Golden.json("pixels.json").get("files");
        for (JsonNode file : files) {
            RgbImage image = ImageDecoder.decode(
                    NAME, Golden.bytes("files/" + file.get("file").asString()));
            assertThat(image.width()).isEqualTo(file.get("width").asInt());
            assertThat(image.height()).isEqualTo(file.get("height").asInt());
            String sha256 = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(image.pixels()));
            assertThat(sha256)
                    .as(file.get("file").asString())
                    .isEqualTo(file.get("sha256").asString());
        }
        assertThat(files.size()).isEqualTo(16);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rgb-420.jpg", "rgb-progressive.jpg", "grey.jpg", "rgb.png", "palette.png"})
    void refusesAFileThatWasCutAnywhere(String name) {
        byte[] whole = Golden.bytes("files/" + name);
        for (int length = 0; length < whole.length - 1; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> ImageDecoder.decode(NAME, cut))
                    .as("%s cut to %d bytes", name, length)
                    .isInstanceOf(ImageException.class)
                    .hasMessageStartingWith("photo: ");
        }
    }

    @Test
    void refusesAWrongChecksum() {
        byte[] png = Golden.bytes("files/rgb.png");
        png[60] ^= 1;
        assertThatThrownBy(() -> ImageDecoder.decode(NAME, png)).hasMessageContaining("wrong checksum");
    }

    @Test
    void refusesWhatIsNoPicture() {
        assertThatThrownBy(() -> ImageDecoder.decode(NAME, "hello".getBytes(StandardCharsets.UTF_8)))
                .hasMessageContaining("not a picture of a known format");
        assertThatThrownBy(() -> ImageDecoder.decode(NAME, new byte[0])).hasMessage("photo: the file is empty");
    }

    @Test
    void refusesAHugePictureByItsHeader() {
        byte[] png = Golden.bytes("files/rgb.png");
        java.nio.ByteBuffer header = java.nio.ByteBuffer.wrap(png);
        header.putInt(16, 65_000).putInt(20, 65_000);
        java.util.zip.CRC32 crc = new java.util.zip.CRC32();
        crc.update(png, 12, 17);
        header.putInt(29, (int) crc.getValue());
        assertThatThrownBy(() -> ImageDecoder.decode(NAME, png)).hasMessageContaining("65000 x 65000 pixels");
    }
}
