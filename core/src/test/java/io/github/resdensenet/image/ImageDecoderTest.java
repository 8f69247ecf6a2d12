package io.github.resdensenet.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.testkit.Allocation;
import io.github.resdensenet.testkit.Corpora;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.testkit.Trust;
import io.github.resdensenet.util.Digest;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ImageDecoderTest {
    private static final Path NAME = Path.of("photo");

    @TempDir
    private Path folder;

    private static RgbImage decode(byte[] content) throws IOException {
        return ImageDecoder.decode(NAME, ByteBuffer.wrap(content), false);
    }

    private static String sha256(RgbImage image) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(image.pixels()));
    }

    @Test
    void plainBitmapMayHaveCommentsAmongItsPixels() throws IOException {
        byte[] file = "P1\n2 1\n# a comment\n0 # another\n1\n".getBytes(StandardCharsets.US_ASCII);
        assertThat(decode(file).pixels()).containsExactly(-1, -1, -1, 0, 0, 0);
    }

    @Test
    void decodesEveryFormatToPillowPixels() throws Exception {
        JsonNode files = Golden.json("pixels.json").get("files");
        List<String> wrong = new ArrayList<>();
        for (JsonNode file : files) {
            String name = file.get("file").asString();
            byte[] content = Golden.bytes("files/" + name);
            RgbImage image = decode(content);
            RgbImage upright = ImageDecoder.decode(NAME, ByteBuffer.wrap(content), true);
            if (image.width() != file.get("width").asInt()
                    || image.height() != file.get("height").asInt()
                    || !sha256(image).equals(file.get("sha256").asString())
                    || !sha256(upright).equals(file.get("upright").asString())) {
                wrong.add(name);
            }
        }
        Trust.row("I3", files.size(), wrong.size(), wrong);
        assertThat(wrong).isEmpty();
        assertThat(files.size()).isEqualTo(61);
    }

    @Test
    void decodesPngSuiteToReferencePixels() throws Exception {
        JsonNode golden = Golden.json("pngsuite.json");
        List<String> wrong = new ArrayList<>();
        int corrupt = 0;
        List<Path> files = Corpora.files("pngsuite");
        for (Path file : files) {
            String name = String.valueOf(file.getFileName());
            try {
                RgbImage image = ImageDecoder.decode(file, false);
                if (!golden.has(name) || !sha256(image).equals(golden.get(name).asString())) {
                    wrong.add(name);
                }
            } catch (ImageException e) {
                if (golden.has(name)) {
                    wrong.add(e.getMessage());
                } else {
                    corrupt++;
                }
            }
        }
        Trust.row("I2", files.size(), wrong.size(), wrong);
        assertThat(wrong).isEmpty();
        assertThat(corrupt).isEqualTo(14);
        assertThat(files.size() - corrupt).isGreaterThanOrEqualTo(Corpora.whole() ? 161 : 84);
    }

    /** Files that encoders of other projects wrote; foreign.json names their projects and licences. */
    @Test
    void decodesFilesOfOtherEncodersToPixelsOfPillow() throws Exception {
        List<String> wrong = new ArrayList<>();
        JsonNode files = Golden.json("foreign/foreign.json").get("files");
        for (JsonNode file : files) {
            String name = file.get("file").asString();
            String origin = name + " (" + file.get("from").asString() + ")";
            try {
                RgbImage image = decode(Golden.bytes("foreign/" + name));
                if (image.width() != file.get("width").asInt()
                        || image.height() != file.get("height").asInt()
                        || !Digest.sha256(ByteBuffer.wrap(image.pixels()))
                                .equals(file.get("sha256").asString())) {
                    wrong.add(origin);
                }
            } catch (ImageException e) {
                wrong.add(origin + ": " + e.reason());
            }
        }
        Trust.row("I10", files.size(), wrong.size(), wrong);
        assertThat(wrong).isEmpty();
        assertThat(files.size()).isGreaterThanOrEqualTo(100);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "rgb-420.jpg",
                "rgb-progressive.jpg",
                "restart.jpg",
                "grey.jpg",
                "cmyk.jpg",
                "rgb.png",
                "palette.png",
                "rgb.bmp",
                "runs.bmp",
                "rgb.webp",
                "alpha-lossless.webp",
                "lzw.tif",
                "rgb.ppm",
                "palette.gif"
            })
    void rejectsFilesTruncatedAtAnyLength(String name) {
        byte[] whole = Golden.bytes("files/" + name);
        // The last byte of a GIF or JPEG belongs to the end marker, not to the image data.
        int end = whole.length - (name.endsWith(".gif") || name.endsWith(".jpg") ? 1 : 0);
        for (int length = 0; length < end; length++) {
            byte[] truncated = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> decode(truncated))
                    .as("%s truncated to %d bytes", name, length)
                    .isInstanceOf(ImageException.class)
                    .hasMessageStartingWith("photo: ");
        }
    }

    /** Other decoders accept these files, print a warning and pad the image with grey. */
    @ParameterizedTest
    @ValueSource(strings = {"rgb-420.jpg", "rgb-progressive.jpg", "grey-progressive.jpg", "restart.jpg", "cmyk.jpg"})
    void rejectsTruncatedJpegsWithAppendedEndMarker(String name) {
        byte[] whole = Golden.bytes("files/" + name);
        int scan = 0;
        while (whole[scan] != -1 || (whole[scan + 1] & 255) != 0xDA) {
            scan++;
        }
        for (int length = scan; length < whole.length - 6; length++) {
            byte[] truncated = Arrays.copyOf(whole, length + 2);
            truncated[length] = -1;
            truncated[length + 1] = (byte) 0xD9;
            assertThatThrownBy(() -> decode(truncated))
                    .as("%s truncated to %d bytes", name, length)
                    .isInstanceOf(ImageException.class);
        }
    }

    @Test
    void rejectsPngWithWrongChecksum() {
        byte[] png = Golden.bytes("files/rgb.png");
        png[60] ^= 1;
        assertThatThrownBy(() -> decode(png)).hasMessageContaining("wrong checksum");
    }

    @Test
    void rejectsFilesThatAreNotImages() throws Exception {
        assertThatThrownBy(() -> decode("hello".getBytes(StandardCharsets.UTF_8)))
                .hasMessageContaining("not an image in a supported format");
        assertThatThrownBy(() -> decode("qoif1234".getBytes(StandardCharsets.UTF_8)))
                .hasMessageStartingWith("photo: QOI, not an image in a supported format");
        assertThatThrownBy(() -> decode("\0\0\0 ftypavif".getBytes(StandardCharsets.UTF_8)))
                .hasMessageStartingWith("photo: AVIF, HEIC or a video, not an image in a supported format");
        assertThatThrownBy(() -> decode(new byte[0])).hasMessage("photo: the file is empty");
        assertThatThrownBy(() -> ImageDecoder.decode(folder, false))
                .hasMessage(folder + ": a folder, not an image file");
    }

    /** Builds a PNG chunk with a correct checksum. */
    private static byte[] chunk(String type, byte[] data) {
        ByteBuffer chunk = ByteBuffer.allocate(12 + data.length);
        chunk.putInt(data.length)
                .put(type.getBytes(StandardCharsets.ISO_8859_1))
                .put(data);
        CRC32 crc = new CRC32();
        crc.update(chunk.array(), 4, 4 + data.length);
        return chunk.putInt((int) crc.getValue()).array();
    }

    private static byte[] png(int width, int height, int depth, byte[]... chunks) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10});
        out.writeBytes(chunk(
                "IHDR",
                ByteBuffer.allocate(13)
                        .putInt(width)
                        .putInt(height)
                        .put(new byte[] {(byte) depth, 0, 0, 0, 0})
                        .array()));
        for (byte[] chunk : chunks) {
            out.writeBytes(chunk);
        }
        out.writeBytes(chunk("IEND", new byte[0]));
        return out.toByteArray();
    }

    private static byte[] deflated(int zeros) {
        Deflater deflater = new Deflater();
        deflater.setInput(new byte[zeros]);
        deflater.finish();
        byte[] bytes = new byte[zeros / 500 + 1000];
        byte[] result = Arrays.copyOf(bytes, deflater.deflate(bytes));
        deflater.end();
        return result;
    }

    /** Builds an animated GIF with 9,999 frames of one pixel after the first frame. */
    private static byte[] longAnimation() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] still = Golden.bytes("files/palette.gif");
        out.write(still, 0, still.length - 1);
        byte[] frame = {0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0};
        for (int i = 0; i < 9_999; i++) {
            out.writeBytes(frame);
        }
        out.write(0x3B);
        return out.toByteArray();
    }

    @Test
    void rejectsDecompressionBombsWithLittleMemory() throws Exception {
        byte[] gif = Golden.bytes("files/palette.gif");
        ByteBuffer.wrap(gif)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .putShort(6, (short) 29_000)
                .putShort(8, (short) 26_828);
        byte[] jpeg = Golden.bytes("files/rgb-420.jpg");
        for (int i = 2; i < jpeg.length - 9; i++) {
            if (jpeg[i] == -1 && (jpeg[i + 1] & 255) == 0xC0) {
                ByteBuffer.wrap(jpeg).putShort(i + 5, (short) 65_500).putShort(i + 7, (short) 65_500);
            }
        }
        List<byte[]> bombs = List.of(
                png(65_000, 65_000, 1, chunk("IDAT", deflated(1 << 20))),
                gif,
                jpeg,
                png(8, 8, 8, chunk("tEXt", new byte[64 << 20]), chunk("IDAT", deflated(72))),
                png(20, 20, 8, chunk("IDAT", deflated(64 << 20))));
        List<Path> files = new ArrayList<>();
        for (byte[] bomb : bombs) {
            files.add(Files.write(folder.resolve("bomb" + files.size()), bomb));
        }
        long most = 0;
        int accepted = 0;
        for (Path file : files) {
            long before = Allocation.ofThisThread();
            try {
                ImageDecoder.decode(file, false);
                accepted++;
            } catch (ImageException e) {
                assertThat(e).hasMessageStartingWith(file.toString());
            }
            most = Math.max(most, Allocation.ofThisThread() - before);
        }
        Path animation = Files.write(folder.resolve("long.gif"), longAnimation());
        assertThat(ImageDecoder.decode(animation, false).width()).isEqualTo(31);
        Trust.row("I5", bombs.size(), accepted, (most >> 20) + " MiB allocated");
        assertThat(accepted).isZero();
        assertThat(most).isLessThan(16L << 20);
    }

    @Test
    void keepsUpperEightBitsOfSixteenBitGrey() throws IOException {
        ByteArrayOutputStream pgm = new ByteArrayOutputStream();
        pgm.writeBytes("P5 2 1 65535\n".getBytes(StandardCharsets.US_ASCII));
        pgm.writeBytes(new byte[] {0x12, 0x34, (byte) 0xFF, (byte) 0xFF});
        assertThat(decode(pgm.toByteArray()).pixels()).containsExactly(0x12, 0x12, 0x12, -1, -1, -1);
        assertThat(decode(png(1, 1, 16, chunk("IDAT", stored(0, 0xAB, 0xCD)))).pixels())
                .containsExactly(0xAB, 0xAB, 0xAB);
    }

    private static byte[] stored(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) values[i];
        }
        Deflater deflater = new Deflater();
        deflater.setInput(bytes);
        deflater.finish();
        byte[] out = new byte[100];
        byte[] result = Arrays.copyOf(out, deflater.deflate(out));
        deflater.end();
        return result;
    }

    @Test
    void turnsAllEightExifOrientationsUpright() throws Exception {
        int checked = 0;
        List<Path> files = Corpora.whole() ? Corpora.files("exif") : List.of();
        for (Path file : files) {
            String name = String.valueOf(file.getFileName());
            RgbImage upright = ImageDecoder.decode(file, true);
            RgbImage first = ImageDecoder.decode(file.resolveSibling(name.replaceAll("_\\d", "_1")), true);
            assertThat(upright.width()).as(name).isEqualTo(first.width());
            double difference = 0;
            for (int i = 0; i < first.pixels().length; i++) {
                difference += Math.abs((upright.pixels()[i] & 255) - (first.pixels()[i] & 255));
            }
            assertThat(difference / first.pixels().length).as(name).isLessThan(4); // compressed separately
            checked++;
        }
        assertThat(checked).isEqualTo(Corpora.whole() ? 18 : 0);
    }

    /** Inserts bytes before the first quantisation table. */
    private static byte[] withExtraBytes(byte[] jpeg, int count) {
        int at = 2;
        while (jpeg[at + 1] != (byte) 0xDB) {
            at += 2 + (jpeg[at + 2] & 255) * 256 + (jpeg[at + 3] & 255);
        }
        byte[] bytes = new byte[jpeg.length + count];
        System.arraycopy(jpeg, 0, bytes, 0, at);
        System.arraycopy(jpeg, at, bytes, at + count, jpeg.length - at);
        return bytes;
    }

    @Test
    void skipsBytesThatCamerasLeaveBetweenJpegSegments() throws Exception {
        byte[] jpeg = Golden.bytes("files/rgb-420.jpg");
        assertThat(decode(withExtraBytes(jpeg, 500)).pixels())
                .isEqualTo(decode(jpeg).pixels());
        assertThatThrownBy(() -> decode(withExtraBytes(jpeg, 70_000))).hasMessageContaining("no marker at byte");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"rgb-420.jpg", "rgb.png", "rgb.bmp", "runs.bmp", "rgb.webp", "lzw.tif", "rgb.ppm", "palette.gif"
            })
    void needsNoMemoryForDataAfterTheImage(String name) throws Exception {
        byte[] image = Golden.bytes("files/" + name);
        byte[] longer = Arrays.copyOf(image, 200 << 20);
        RgbImage whole = decode(image);
        long before = Allocation.ofThisThread();
        assertThat(decode(longer).pixels()).isEqualTo(whole.pixels());
        assertThat(Allocation.ofThisThread() - before).isLessThan(40L << 20);
    }

    @Test
    void rejectsWebPWithFramesInsideFrames() {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        int levels = 100_000;
        for (int i = levels; i > 0; i--) {
            body.writeBytes(chunk("ANMF", 24 * i - 8));
            body.writeBytes(new byte[] {0, 0, 0, 0, 0, 0, 3, 0, 0, 3, 0, 0, 0, 0, 0, 0});
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(chunk("RIFF", 4 + 18 + body.size()));
        file.writeBytes("WEBP".getBytes(StandardCharsets.US_ASCII));
        file.writeBytes(chunk("VP8X", 10));
        file.writeBytes(new byte[] {2, 0, 0, 0, 3, 0, 0, 3, 0, 0});
        file.writeBytes(body.toByteArray());
        assertThatThrownBy(() -> decode(file.toByteArray()))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("a frame inside a frame");
    }

    private static byte[] chunk(String type, int size) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(type.getBytes(StandardCharsets.US_ASCII))
                .putInt(size)
                .array();
    }

    /** An RGB TIFF in big-endian order with one strip; fields as (tag, type, value). */
    private static byte[] tiff(int bits, int compression, int predictor, int rows, byte[] strip, int[]... more) {
        List<int[]> fields = new ArrayList<>(List.of(
                new int[] {256, 3, 4},
                new int[] {257, 3, rows},
                new int[] {258, 3, bits},
                new int[] {259, 3, compression},
                new int[] {262, 3, 2},
                new int[] {273, 4, 8},
                new int[] {277, 3, 3},
                new int[] {278, 3, rows},
                new int[] {279, 4, strip.length},
                new int[] {317, 3, predictor}));
        for (int[] field : more) {
            fields.removeIf(f -> f[0] == field[0]);
            fields.add(field);
        }
        fields.sort(Comparator.comparingInt(f -> f[0]));
        int directory = 8 + strip.length + 6 + strip.length % 2;
        ByteBuffer file = ByteBuffer.allocate(directory + 2 + 12 * fields.size() + 4);
        file.put("MM\0*".getBytes(StandardCharsets.US_ASCII)).putInt(directory).put(strip);
        file.position(directory - 6);
        file.putShort((short) bits).putShort((short) bits).putShort((short) bits);
        file.putShort((short) fields.size());
        for (int[] field : fields) {
            boolean three = field[0] == 258;
            file.putShort((short) field[0]).putShort((short) field[1]).putInt(three ? 3 : 1);
            if (three) {
                file.putInt(directory - 6);
            } else if (field[1] == 3) {
                file.putShort((short) field[2]).putShort((short) 0);
            } else {
                file.putInt(field[2]);
            }
        }
        return file.array();
    }

    private static byte[] deflated(byte[] bytes) {
        Deflater deflater = new Deflater();
        deflater.setInput(bytes);
        deflater.finish();
        byte[] out = new byte[bytes.length + 100];
        return Arrays.copyOf(out, deflater.deflate(out));
    }

    /** Values of 16 bits whose upper bytes count up from 0, and their differences to the pixel on the left. */
    /** Random pixels, so that LZW uses codes of every width. */
    @ParameterizedTest
    @ValueSource(strings = {"LZW", "ZLib", "PackBits"})
    void readsCompressedStripsAndTilesOfTiff(String compression) throws IOException {
        Random random = new Random(1);
        BufferedImage image = new BufferedImage(210, 170, BufferedImage.TYPE_3BYTE_BGR);
        byte[] expected = new byte[210 * 170 * 3];
        for (int i = 0; i < expected.length / 3; i++) {
            int rgb = random.nextInt(4) == 0 ? random.nextInt(1 << 24) : 0x102030;
            image.setRGB(i % 210, i / 210, rgb);
            for (int c = 0; c < 3; c++) {
                expected[3 * i + c] = (byte) (rgb >> (16 - 8 * c));
            }
        }
        ImageWriter writer = ImageIO.getImageWritersByFormatName("tiff").next();
        for (boolean tiled : new boolean[] {false, true}) {
            ImageWriteParam settings = writer.getDefaultWriteParam();
            settings.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            settings.setCompressionType(compression);
            if (tiled) {
                settings.setTilingMode(ImageWriteParam.MODE_EXPLICIT);
                settings.setTiling(64, 48, 0, 0);
            }
            ByteArrayOutputStream file = new ByteArrayOutputStream();
            try (ImageOutputStream out = ImageIO.createImageOutputStream(file)) {
                writer.setOutput(out);
                writer.write(null, new IIOImage(image, null, null), settings);
            }
            assertThat(decode(file.toByteArray()).pixels()).isEqualTo(expected);
        }
        writer.dispose();
    }

    @Test
    void addsUpDifferencesOf16BitsInTiff() throws IOException {
        int rows = 2;
        ByteBuffer differences = ByteBuffer.allocate(4 * rows * 6);
        byte[] expected = new byte[4 * rows * 3];
        for (int i = 0; i < expected.length; i++) {
            int x = i / 3 % 4;
            int value = 256 * (i * 7 % 256) + i;
            int left = x == 0 ? 0 : 256 * ((i - 3) * 7 % 256) + i - 3;
            expected[i] = (byte) (value >> 8);
            differences.putShort((short) (value - left));
        }
        byte[] file = tiff(16, 8, 2, rows, deflated(differences.array()));
        assertThat(decode(file).pixels()).isEqualTo(expected);
        assertThat(decode(littleEndian(file, differences.array())).pixels()).isEqualTo(expected);
    }

    /** The same file in the other byte order. */
    private static byte[] littleEndian(byte[] tiff, byte[] strip) {
        byte[] swapped = strip.clone();
        for (int i = 0; i < swapped.length; i += 2) {
            swapped[i] = strip[i + 1];
            swapped[i + 1] = strip[i];
        }
        byte[] packed = deflated(swapped);
        ByteBuffer from = ByteBuffer.wrap(tiff(16, 8, 2, 2, packed));
        ByteBuffer to = ByteBuffer.allocate(tiff.length + 100).order(ByteOrder.LITTLE_ENDIAN);
        int directory = from.getInt(4);
        to.put("II*\0".getBytes(StandardCharsets.US_ASCII)).putInt(directory).put(packed);
        for (int at = directory - 6; at < directory + 2; at += 2) {
            to.putShort(at, from.getShort(at));
        }
        for (int at = directory + 2; at < directory + 2 + 12 * from.getShort(directory); at += 12) {
            to.putShort(at, from.getShort(at))
                    .putShort(at + 2, from.getShort(at + 2))
                    .putInt(at + 4, from.getInt(at + 4));
            boolean inline = from.getShort(at + 2) == 3 && from.getInt(at + 4) == 1;
            if (inline) {
                to.putShort(at + 8, from.getShort(at + 8));
            } else {
                to.putInt(at + 8, from.getInt(at + 8));
            }
        }
        return to.array();
    }

    @Test
    void rejectsTiffWhoseCompressedDataEndEarlyOrWhoseFieldsTheReaderIgnores() {
        byte[] pixels = new byte[4 * 3 * 50];
        Arrays.fill(pixels, (byte) 7);
        byte[] half = Arrays.copyOf(pixels, pixels.length / 2);
        byte[] packed = {-127, 7, -127, 7}; // two runs of 128 bytes
        assertThatThrownBy(() -> decode(tiff(8, 8, 1, 50, deflated(half))))
                .hasMessageContaining("too little image data");
        assertThatThrownBy(() -> decode(tiff(8, 32773, 1, 50, packed))).hasMessageContaining("too little image data");
        byte[] lzw = {(byte) 0x80, 0x01, (byte) 0xE0, 0x20}; // clear, 7, end
        assertThatThrownBy(() -> decode(tiff(8, 5, 1, 50, lzw))).hasMessageContaining("too little image data");
        assertThatThrownBy(() -> decode(tiff(8, 8, 2, 50, deflated(pixels), new int[] {317, 4, 2})))
                .hasMessageContaining("no 16-bit numbers");
        assertThatThrownBy(() -> decode(tiff(8, 32773, 1, 1, new byte[] {-128, -11, 7})))
                .hasMessageContaining("empty PackBits runs");
        assertThatThrownBy(() -> decode(tiff(
                        8,
                        8,
                        1,
                        50,
                        deflated(pixels),
                        new int[] {322, 3, 40_000},
                        new int[] {323, 4, 40_000},
                        new int[] {324, 4, 8},
                        new int[] {325, 4, 10})))
                .hasMessageContaining("tiles of 40000 x 40000 pixels");
    }
}
