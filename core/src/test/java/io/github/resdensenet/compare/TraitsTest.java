package io.github.resdensenet.compare;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.nn.ablation.Fusion;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class TraitsTest {
    @Test
    void describesEveryFusionDifferently() {
        assertThat(Arrays.stream(Fusion.values())
                        .map(fusion -> Traits.of(
                                new ModelConfig(Architecture.RESDENSENET, 32, List.of(3, 4, 6, 4), 64, 4, fusion)))
                        .distinct())
                .hasSize(Fusion.values().length);
    }
}
