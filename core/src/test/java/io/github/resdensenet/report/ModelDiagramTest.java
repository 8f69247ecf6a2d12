package io.github.resdensenet.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.plot.Diagram;
import java.awt.Font;
import java.awt.font.FontRenderContext;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class ModelDiagramTest {
    private static Diagram diagram(ModelConfig config, int classes, int imageSize) {
        try (ImageClassifier model = Models.create(config, classes, 0)) {
            return ModelDiagram.of(model, imageSize);
        }
    }

    private static Document parse(Diagram diagram) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(diagram.svg().getBytes(StandardCharsets.UTF_8)));
    }

    private static List<Element> elements(Document svg, String name) {
        NodeList list = svg.getElementsByTagName(name);
        List<Element> elements = new ArrayList<>();
        for (int i = 0; i < list.getLength(); i++) {
            elements.add((Element) list.item(i));
        }
        return elements;
    }

    private static List<String> texts(Document svg) {
        return elements(svg, "text").stream().map(Element::getTextContent).toList();
    }

    private static double number(Element element, String attribute) {
        return Double.parseDouble(element.getAttribute(attribute));
    }

    private static double width(Element text) {
        int style = text.getAttribute("font-weight").equals("bold") ? Font.BOLD : Font.PLAIN;
        return new Font(Font.SANS_SERIF, style, 100)
                        .getStringBounds(text.getTextContent(), new FontRenderContext(null, true, true))
                        .getWidth()
                * number(text, "font-size")
                / 100;
    }

    @Test
    void showsLayersOfResDenseNet() throws Exception {
        Document svg = parse(diagram(ModelConfig.resDenseNet(), 3, 224));
        assertThat(texts(svg))
                .contains(
                        "1,986,691 parameters, 1.06 billion multiply-accumulates per image; 42 convolutions,"
                                + " 17 concatenations, 4 residual additions",
                        "Input: 3 \u00d7 224 \u00d7 224",
                        "Conv 7\u00d77 stride 2, 3\u219264",
                        "BN \u2192 ReLU \u2192 MaxPool 3\u00d73 stride 2",
                        "channels 64 \u2192 96 \u2192 128 \u2192 160",
                        "6 \u00d7 DenseLayer with concat",
                        "channels 256 \u2192 288 \u2192 320 \u2192 352 \u2192 384 \u2192 416 \u2192 448",
                        "BN \u2192 ReLU \u2192 Conv 1\u00d71, 640\u2192512",
                        "BN \u2192 ReLU \u2192 global average pool \u2192 Linear, 512\u21923",
                        "Output: 3")
                .contains(
                        "Inside stages.0: DenseResidualBlock",
                        "DenseLayer dense_layers.2",
                        "BN \u2192 ReLU \u2192 Conv 3\u00d73, 128\u219232",
                        "concat 128 + 32 \u2192 160 \u00d7 56 \u00d7 56",
                        "+ add \u2192 64 \u00d7 56 \u00d7 56",
                        "Output: 64 \u00d7 56 \u00d7 56");
        long shortcuts = elements(svg, "path").stream()
                .filter(path -> !path.getAttribute("stroke-dasharray").isEmpty())
                .count();
        assertThat(shortcuts).as("shortcuts of the block and the legend").isEqualTo(2);
    }

    @Test
    void boxesDoNotOverlapAndContainTheirText() throws Exception {
        List<Diagram> diagrams = List.of(
                diagram(ModelConfig.resDenseNet(), 3, 224),
                diagram(ModelConfig.resDenseNet(12, List.of(2, 2), 64, 4), 3, 224),
                diagram(ModelConfig.resDenseNet(32, List.of(2, 24, 2), 1000, 4), 1000, 64));
        for (Diagram diagram : diagrams) {
            Document svg = parse(diagram);
            List<Element> boxes = elements(svg, "rect").stream()
                    .filter(box -> number(box, "width") > 100 && number(box, "y") > 0)
                    .toList();
            assertThat(boxes).hasSizeGreaterThan(12);
            for (Element a : boxes) {
                for (Element b : boxes) {
                    boolean apart = a == b
                            || number(a, "x") != number(b, "x")
                            || number(a, "y") + number(a, "height") < number(b, "y")
                            || number(b, "y") + number(b, "height") < number(a, "y");
                    assertThat(apart).isTrue();
                }
                for (Element text : elements(svg, "text")) {
                    double y = number(text, "y");
                    double middle = number(a, "x") + number(a, "width") / 2;
                    if (number(text, "x") == middle && y > number(a, "y") && y < number(a, "y") + number(a, "height")) {
                        double size = number(text, "font-size");
                        assertThat(width(text)).as(text.getTextContent()).isLessThan(number(a, "width") - 10);
                        assertThat(y + size * 0.3).isLessThan(number(a, "y") + number(a, "height"));
                    }
                }
            }
        }
    }

    @Test
    void groupsEqualLayersWithRangeOfChannels() throws Exception {
        List<String> texts = texts(parse(diagram(ModelConfig.resDenseNet(8, List.of(24), 16, 2), 3, 32)));
        assertThat(texts)
                .contains(
                        "24 \u00d7 DenseLayer with concat",
                        "channels 16 \u2192 24 \u2192 32 \u2192 \u2026 \u2192 208",
                        "21 \u00d7 DenseLayer dense_layers.2 to dense_layers.22",
                        "BN \u2192 ReLU \u2192 Conv 1\u00d71, 32\u2026192\u219216",
                        "concat 32\u2026192 + 8 \u2192 40\u2026200",
                        "40\u2026200 \u00d7 8 \u00d7 8",
                        "concat 200 + 8 \u2192 208 \u00d7 8 \u00d7 8")
                .doesNotContain("DenseLayer dense_layers.2");
    }

    @Test
    void pngHasTwiceTheSizeOfSvg() throws Exception {
        Diagram diagram = diagram(ModelConfig.resDenseNet(8, List.of(1, 1), 8, 4), 5, 32);
        double height = number(parse(diagram).getDocumentElement(), "height");
        var image = ImageIO.read(new ByteArrayInputStream(diagram.png()));
        assertThat(image.getWidth()).isEqualTo(2400);
        assertThat(image.getHeight()).isEqualTo((int) (2 * height));
    }
}
