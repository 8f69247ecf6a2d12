package io.github.resdensenet.plot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.plot.Diagram.Step;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DiagramTest {
    private final List<Step> steps = new ArrayList<>();
    private int value;

    private int layer(String type, String text, long channels, Integer... inputs) {
        steps.add(new Step(type, "", text, 0, List.of(inputs), ++value, List.of(1L, channels, 8L, 8L)));
        return value;
    }

    private void group(String type, String path, int first, long channels) {
        steps.add(new Step(type, path, type, steps.size() - first, List.of(), value, List.of(1L, channels, 8L, 8L)));
    }

    /** A residual block as in ResNet: the shortcut is the identity, or a convolution if the channels change. */
    private int residual(String path, int x, long in, long out) {
        int first = steps.size();
        int activated = layer("relu", "ReLU", in, layer("BatchNorm2d", "BN", in, x));
        int shortcut = in == out ? x : layer("Conv2d", "Conv 1\u00d71", out, activated);
        int inner = layer("Conv2d", "Conv 3\u00d73", out, activated);
        int sum = layer("add", Step.ADD, out, shortcut, inner);
        group("ResidualBlock", path, first, out);
        return sum;
    }

    private Diagram residualNetwork() {
        int x = residual("block1", 0, 3, 16);
        for (int i = 2; i <= 9; i++) {
            x = residual("block" + i, x, 16, 16);
        }
        layer("Linear", "Linear", 5, x);
        group("Net", "", 0, 5);
        return new Diagram("Net", 8, 1, 1, steps);
    }

    @Test
    void groupsOnlyBlocksOfSameKind() {
        String svg = residualNetwork().svg();
        assertThat(svg)
                .contains(">ResidualBlock block1<", ">8 \u00d7 ResidualBlock block2 to block9<")
                .doesNotContain("9 \u00d7 ResidualBlock");
    }

    @Test
    void drawsConvolutionalShortcutAsSeparateBox() {
        StepTree tree = new StepTree(residualNetwork().steps(), 3);
        Flow flow = Flow.detail(tree, 5, "3");
        assertThat(flow.nodes()).extracting(Flow.Node::lines).contains(List.of("Conv 1\u00d71, 3\u219216"));
        assertThat(flow.nodes().get(1).inputs()).containsExactly(0);
        assertThat(flow.nodes().get(2).inputs()).as("the shortcut").containsExactly(1);
        assertThat(flow.nodes().get(3).inputs()).as("the other branch").containsExactly(1);
        assertThat(flow.nodes().get(4).inputs()).as("the sum").containsExactly(2, 3);
    }

    @Test
    void rejectsStepsWithoutEnclosingNetwork() {
        layer("Linear", "Linear", 5, 0);
        layer("Linear", "Linear", 5, 1);
        assertThatThrownBy(() -> new Diagram("x", 8, 1, 1, steps))
                .hasMessageContaining("the network that contains all other steps");
    }
}
