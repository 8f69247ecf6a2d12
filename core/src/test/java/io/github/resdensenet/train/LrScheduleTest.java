package io.github.resdensenet.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.util.Decimal;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LrScheduleTest {
    private final LrSchedule cosine = LrSchedule.of(Recipe.defaults().train());

    @Test
    void cosineMatchesPyTorchAlsoBeyondItsEnd() {
        double[] golden = Golden.numbers(Golden.json("schedule.json").get("lr"));
        for (int epoch = 0; epoch < golden.length; epoch++) {
            assertThat(cosine.at(epoch)).isCloseTo(golden[epoch], within(1e-15));
        }
    }

    @Test
    void cosinePrintsRatesOfArticleLog() {
        List<String> printed = IntStream.rangeClosed(1, 10)
                .mapToObj(epoch -> Decimal.scientific(cosine.at(epoch)))
                .toList();
        assertThat(printed)
                .containsExactly(
                        "9.76E-04",
                        "9.05E-04",
                        "7.94E-04",
                        "6.55E-04",
                        "5.01E-04",
                        "3.46E-04",
                        "2.07E-04",
                        "9.64E-05",
                        "2.54E-05",
                        "1.00E-06");
    }

    @Test
    void warmupRisesLinearlyBeforeCosine() {
        LrSchedule schedule =
                LrSchedule.of(Recipe.defaults().with("train.warmupEpochs", "3").train());
        assertThat(IntStream.range(0, 4).mapToDouble(schedule::at).toArray())
                .containsExactly(new double[] {0.00025, 0.0005, 0.00075, 0.001}, within(1e-12));
        assertThat(schedule.at(10)).isCloseTo(1e-6, within(1e-12));
    }

    @Test
    void constantScheduleKeepsRate() {
        LrSchedule schedule = LrSchedule.of(
                Recipe.defaults().with("train.schedule", "constant").train());
        assertThat(schedule.at(0)).isEqualTo(0.001);
        assertThat(schedule.at(9)).isEqualTo(0.001);
    }
}
