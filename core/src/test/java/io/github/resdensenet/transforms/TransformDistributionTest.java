package io.github.resdensenet.transforms;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.util.KeyedRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * Checks that the parameters of the random transforms have the distributions of torchvision: two samples of 10,000
 * draws are compared at the significance level 0.001. The draws of torchvision come from fixtures/transform_goldens.py.
 */
class TransformDistributionTest {
    private static final int DRAWS = 10_000;
    private static final double SMIRNOV_QUANTILE = 1.9495; // of the two-sided test at 0.001
    private static final double NORMAL_QUANTILE = 3.0902; // of the one-sided test at 0.001

    private final KeyedRandom random = KeyedRandom.of(2026, 1);
    private final Map<String, List<Double>> numbers = new TreeMap<>();
    private final Map<String, Map<String, Integer>> choices = new TreeMap<>();

    private void number(String name, double value) {
        numbers.computeIfAbsent(name, key -> new ArrayList<>()).add(value);
    }

    private void choice(String name, String value) {
        choices.computeIfAbsent(name, key -> new TreeMap<>()).merge(value, 1, Integer::sum);
    }

    private void region(String name, RandomErasing.Region region) {
        number(name + " top", region.top());
        number(name + " left", region.left());
        number(name + " height", region.height());
        number(name + " width", region.width());
    }

    private void policy(String name, List<PolicyOp.Step> steps) {
        for (int i = 0; i < steps.size(); i++) {
            PolicyOp.Step step = steps.get(i);
            choice(name + " " + i, step.op() + (step.magnitude() < 0 ? "-" : "+"));
            number(name + " " + step.op(), step.magnitude());
        }
    }

    private void crop(int height, int width) {
        String name = "crop " + height + "x" + width;
        RandomErasing.Region box = new RandomResizedCrop(32, 0.3).sample(random, height, width);
        region(name, box);
        number(name + " area", box.height() * box.width());
    }

    private void erase(int height, int width) {
        String name = "erasing " + height + "x" + width;
        Optional<RandomErasing.Region> region = new RandomErasing(0.7).sample(random, height, width);
        choice(name, region.isPresent() ? "erased" : "unchanged");
        region.ifPresent(erased -> region(name, erased));
    }

    private void jitter() {
        List<String> order = new ArrayList<>();
        for (ColorJitter.Adjustment adjustment : new ColorJitter(0.4, 1.5, 0.2, 0.1).sample(random)) {
            order.add(Integer.toString(adjustment.step().ordinal()));
            number("jitter " + adjustment.step(), adjustment.factor());
        }
        choice("jitter", String.join(" ", order));
    }

    private void geometry() {
        number("rotation angle", new RandomRotation(30).sample(random));
        RandomAffine.Parameters affine = new RandomAffine(20, 0.2, 0.3, 15).sample(random, 41, 64);
        number("affine angle", affine.angle());
        number("affine right", affine.right());
        number("affine down", affine.down());
        number("affine scale", affine.scale());
        number("affine shear", affine.shearX());
        int[] corners = new RandomPerspective(0.6, 0.3).sample(random, 41, 64);
        for (int i = 0; i < corners.length; i++) {
            number("perspective " + "xy".charAt(i % 2) + i / 2, corners[i]);
        }
    }

    @Test
    void parametersHaveTorchvisionsDistributions() {
        RgbImage image = new RgbImage(8, 8, new byte[192]);
        for (int i = 0; i < DRAWS; i++) {
            crop(60, 80);
            crop(20, 97);
            erase(40, 60);
            erase(4, 60);
            geometry();
            jitter();
            number("blur sigma", new GaussianBlur(5, 2).sample(random));
            choice("flip", new RandomVerticalFlip(0.3).apply(image, random) == image ? "unchanged" : "flipped");
            choice(
                    "perspective",
                    new RandomPerspective(0.6, 0.3).apply(image, random) == image ? "unchanged" : "moved");
            policy("rand", new RandAugment(2, 9).sample(random, 41, 64));
            policy("wide", List.of(new TrivialAugmentWide().sample(random)));
        }
        JsonNode golden = Golden.json("transforms.json");
        assertThat(numbers.keySet()).isEqualTo(Set.copyOf(golden.get("numbers").propertyNames()));
        assertThat(choices.keySet()).isEqualTo(Set.copyOf(golden.get("choices").propertyNames()));
        List<String> different = new ArrayList<>();
        numbers.forEach((name, values) -> {
            double ratio = kolmogorovSmirnov(values, golden.get("numbers").get(name));
            if (ratio > 1) {
                different.add(name + ": " + ratio);
            }
        });
        choices.forEach((name, counts) -> {
            double ratio = chiSquare(counts, golden.get("choices").get(name));
            if (ratio > 1) {
                different.add(name + ": " + ratio);
            }
        });
        assertThat(different).as("statistics above the critical value").isEmpty();
    }

    @Test
    void testsDetectSmallDifferences() {
        JsonNode golden = Golden.json("transforms.json");
        List<Double> angles = new ArrayList<>();
        Map<String, Integer> flips = new TreeMap<>();
        for (int i = 0; i < DRAWS; i++) {
            angles.add(new RandomRotation(33).sample(random));
            flips.merge(random.nextDouble() < 0.33 ? "flipped" : "unchanged", 1, Integer::sum);
        }
        assertThat(kolmogorovSmirnov(angles, golden.get("numbers").get("rotation angle")))
                .isGreaterThan(1);
        assertThat(chiSquare(flips, golden.get("choices").get("flip"))).isGreaterThan(1);
    }

    /** Returns the largest difference of the distribution functions, divided by its critical value. */
    private static double kolmogorovSmirnov(List<Double> values, JsonNode expected) {
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        double largest = 0;
        for (int i = 0; i < expected.get("at").size(); i++) {
            double at = expected.get("at").get(i).asDouble();
            // The golden has 7 digits, and torchvision draws in single precision.
            double limit = at + Math.abs(at) * 1e-6;
            double atMost = Arrays.stream(sorted).takeWhile(v -> v <= limit).count() / (double) sorted.length;
            largest = Math.max(
                    largest, Math.abs(atMost - expected.get("atMost").get(i).asDouble()));
        }
        double n = expected.get("n").asDouble();
        return largest / (SMIRNOV_QUANTILE * Math.sqrt((n + sorted.length) / (n * sorted.length)));
    }

    /** Returns the chi-square statistic of two samples of counts, divided by its critical value (Wilson-Hilferty). */
    private static double chiSquare(Map<String, Integer> counts, JsonNode expected) {
        Set<String> names = new TreeSet<>(expected.propertyNames());
        names.addAll(counts.keySet());
        double statistic = 0;
        for (String name : names) {
            double ours = counts.getOrDefault(name, 0);
            double theirs = expected.has(name) ? expected.get(name).asDouble() : 0;
            statistic += (ours - theirs) * (ours - theirs) / (ours + theirs); // equal numbers of draws
        }
        double spread = 2 / (9.0 * (names.size() - 1));
        double critical = (names.size() - 1) * Math.pow(1 - spread + NORMAL_QUANTILE * Math.sqrt(spread), 3);
        return statistic / critical;
    }
}
