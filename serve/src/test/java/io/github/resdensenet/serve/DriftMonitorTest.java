package io.github.resdensenet.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.eval.DriftReference;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DriftMonitorTest {
    private static final int REFERENCE = 300;

    private static DriftReference reference() {
        Random random = new Random(0);
        return DriftReference.of(
                IntStream.range(0, REFERENCE).mapToObj(i -> image(random)).toList(), 3);
    }

    private static double[] image(Random random) {
        return new double[] {
            random.nextDouble(), random.nextInt(3), random.nextDouble(), random.nextDouble(), random.nextDouble()
        };
    }

    private static List<String> drifted(DriftMonitor monitor) {
        return monitor.last().orElseThrow().drifted();
    }

    @Test
    void imagesLikeTheValidationImagesRaiseFewAlarms() {
        Random random = new Random(1);
        DriftMonitor monitor = new DriftMonitor(reference());
        int alarms = 0;
        for (int window = 0; window < 400; window++) {
            for (int i = 0; i < DriftMonitor.WINDOW; i++) {
                monitor.add(image(random));
            }
            alarms += drifted(monitor).isEmpty() ? 0 : 1;
        }
        assertThat(alarms).isLessThanOrEqualTo(4);
    }

    @Test
    void aChangedFeatureIsFoundInOneWindow() {
        for (int feature = 0; feature < DriftReference.FEATURES.size(); feature++) {
            Random random = new Random(2);
            DriftMonitor monitor = new DriftMonitor(reference());
            for (int i = 0; i < DriftMonitor.WINDOW; i++) {
                double[] image = image(random);
                image[feature] = feature == 1 ? 0 : image[feature] * 0.7;
                monitor.add(image);
            }
            assertThat(drifted(monitor)).containsExactly(DriftReference.FEATURES.get(feature));
        }
    }

    @Test
    void thereIsNoResultBeforeTheFirstWindowIsComplete() {
        DriftMonitor monitor = new DriftMonitor(reference());
        for (int i = 0; i < DriftMonitor.WINDOW - 1; i++) {
            monitor.add(image(new Random(i)));
        }
        assertThat(monitor.last()).isEmpty();
        assertThat(monitor.json()).containsEntry("images_in_window", DriftMonitor.WINDOW - 1);
    }

    @Test
    void oneOfManyClassesIsFound() {
        Random random = new Random(3);
        DriftReference many = DriftReference.of(
                IntStream.range(0, 2_000)
                        .mapToObj(i -> new double[] {random.nextDouble(), random.nextInt(1_000), 0.5, 0.5, 0.5})
                        .toList(),
                1_000);
        DriftMonitor monitor = new DriftMonitor(many);
        for (int i = 0; i < DriftMonitor.WINDOW; i++) {
            monitor.add(new double[] {random.nextDouble(), random.nextInt(1_000), 0.5, 0.5, 0.5});
        }
        assertThat(drifted(monitor)).isEmpty();
        for (int i = 0; i < DriftMonitor.WINDOW; i++) {
            monitor.add(new double[] {random.nextDouble(), 7, 0.5, 0.5, 0.5});
        }
        assertThat(drifted(monitor)).containsExactly("predicted_class");
    }
}
