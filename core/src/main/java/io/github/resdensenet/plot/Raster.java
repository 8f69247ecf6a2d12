package io.github.resdensenet.plot;

import com.github.weisj.jsvg.SVGDocument;
import com.github.weisj.jsvg.parser.LoaderContext;
import com.github.weisj.jsvg.parser.SVGLoader;
import com.github.weisj.jsvg.view.ViewBox;
import io.github.resdensenet.image.PngWriter;
import java.awt.Font;
import java.awt.FontFormatException;
import java.awt.Graphics2D;
import java.awt.GraphicsEnvironment;
import java.awt.RenderingHints;
import java.awt.font.FontRenderContext;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Stream;

/** Renders SVG documents to PNG files. */
final class Raster {
    /** The built-in font with Latin and the Chinese characters of GB 2312: WenQuanYi Micro Hei, Apache License 2.0. */
    private static final String BUILT_IN_FONT = "MicroHei Subset";

    private static final FontRenderContext FONT_CONTEXT = new FontRenderContext(null, true, true);

    static {
        System.setProperty("java.awt.headless", "true");
        try (InputStream font = Objects.requireNonNull(Raster.class.getResourceAsStream("MicroHeiSubset.ttf"))) {
            GraphicsEnvironment.getLocalGraphicsEnvironment().registerFont(Font.createFont(Font.TRUETYPE_FONT, font));
        } catch (IOException | FontFormatException e) {
            throw new IllegalStateException("the built-in font cannot be read", e);
        }
    }

    private Raster() {}

    static byte[] png(String svg, int width, int height) {
        SVGDocument document = new SVGLoader()
                .load(
                        new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)),
                        null,
                        LoaderContext.createDefault());
        if (document == null) {
            throw new IllegalStateException("the SVG document cannot be rendered");
        }
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
        document.render(null, graphics, new ViewBox(0, 0, width, height));
        graphics.dispose();
        return PngWriter.encode(image);
    }

    /** The approximate width of a line of Latin text in pixels. */
    static double width(String text, double size, boolean bold) {
        Font font = new Font(Font.SANS_SERIF, bold ? Font.BOLD : Font.PLAIN, 1).deriveFont((float) size);
        return font.getStringBounds(text, FONT_CONTEXT).getWidth();
    }

    /** The first font with all characters of a text: sans-serif, the built-in font or another installed font. */
    static String fontFor(String text) {
        String[] installed = GraphicsEnvironment.getLocalGraphicsEnvironment().getAvailableFontFamilyNames();
        return Stream.concat(Stream.of(Font.SANS_SERIF, BUILT_IN_FONT), Arrays.stream(installed))
                .filter(name -> new Font(name, Font.PLAIN, 12).canDisplayUpTo(text) == -1)
                .findFirst()
                .orElse(BUILT_IN_FONT);
    }
}
