package io.github.resdensenet.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.util.Decimal;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LrScheduleTest {
    private final LrSchedule cosine = LrSchedule.of(Recipe.defaults().train(), 7);

    @Test
    void cosineMatchesPyTorchAlsoBeyondItsEnd() {
        double[] golden = Golden.numbers(Golden.json("schedule.json").get("lr"));
        for (int epoch = 0; epoch < golden.length; epoch++) {
            assertThat(cosine.at(epoch, 0)).isCloseTo(golden[epoch], within(1e-15));
        }
    }

    @Test
    void cosinePrintsRatesOfArticleLog() {
        List<String> printed = IntStream.rangeClosed(1, 10)
                .mapToObj(epoch -> Decimal.scientific(cosine.at(epoch, 0)))
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
                LrSchedule.of(Recipe.defaults().with("train.warmupEpochs", "3").train(), 7);
        assertThat(IntStream.range(0, 4)
                        .mapToDouble(epoch -> schedule.at(epoch, 0))
                        .toArray())
                .containsExactly(new double[] {0.00025, 0.0005, 0.00075, 0.001}, within(1e-12));
        assertThat(schedule.at(10, 0)).isCloseTo(1e-6, within(1e-12));
    }

    @Test
    void plateauIgnoresTheLossesOfTheWarmUp() {
        Recipe recipe = Recipe.defaults()
                .with("train.schedule", "plateau")
                .with("train.plateauPatience", "0")
                .with("train.warmupEpochs", "3");
        LrSchedule schedule = LrSchedule.of(recipe.train(), 7);
        for (int epoch = 0; epoch < 4; epoch++) {
            assertThat(schedule.at(epoch, 0)).isCloseTo(0.001 * (epoch + 1) / 4, within(1e-12));
            schedule = schedule.after(1 + epoch); // becomes worse and worse
        }
        assertThat(schedule.at(4, 0)).isCloseTo(0.001, within(1e-12));
        schedule = schedule.after(9);
        assertThat(schedule.at(5, 0)).isCloseTo(0.0001, within(1e-12));
    }

    @Test
    void constantScheduleKeepsRate() {
        LrSchedule schedule = LrSchedule.of(
                Recipe.defaults().with("train.schedule", "constant").train(), 7);
        assertThat(schedule.at(0, 0)).isEqualTo(0.001);
        assertThat(schedule.at(9, 0)).isEqualTo(0.001);
    }

    private static LrSchedule schedule(String... settings) {
        Recipe recipe = Recipe.defaults().with("train.lr", "0.01").with("train.epochs", "24");
        for (String setting : settings) {
            String[] keyAndValue = setting.split("=");
            recipe = recipe.with("train." + keyAndValue[0], keyAndValue[1]);
        }
        return LrSchedule.of(recipe.train(), 1);
    }

    @Test
    void stepMatchesPyTorch() {
        LrSchedule schedule = schedule("schedule=step", "stepSize=7", "gamma=0.3");
        assertThat(IntStream.range(0, 24)
                        .mapToDouble(epoch -> schedule.at(epoch, 0))
                        .toArray())
                .containsExactly(Golden.numbers(Golden.json("schedules.json").get("step")), within(1e-15));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 6})
    void oneCycleMatchesPyTorchStepByStep(int stepsPerEpoch) {
        Recipe recipe = Recipe.defaults()
                .with(Map.of(
                        "train.lr", "0.01", "train.schedule", "onecycle", "train.epochs", "" + 24 / stepsPerEpoch));
        LrSchedule schedule = LrSchedule.of(recipe.train(), stepsPerEpoch);
        assertThat(IntStream.range(0, 24)
                        .mapToDouble(step -> schedule.at(step / stepsPerEpoch, step % stepsPerEpoch))
                        .toArray())
                .containsExactly(Golden.numbers(Golden.json("schedules.json").get("onecycle")), within(1e-15));
    }

    @Test
    void plateauMatchesPyTorch() {
        LrSchedule schedule = schedule("schedule=plateau", "gamma=0.5", "plateauPatience=2", "etaMin=0.0001");
        double[] expected = Golden.numbers(Golden.json("schedules.json").get("plateau"));
        double[] losses = Golden.numbers(Golden.json("schedules.json").get("losses"));
        for (int epoch = 0; epoch < losses.length; epoch++) {
            assertThat(schedule.at(epoch, 0)).isCloseTo(expected[epoch], within(1e-15));
            schedule = schedule.after(losses[epoch]);
        }
    }
}
