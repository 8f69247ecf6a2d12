package io.github.resdensenet.serve;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.function.Supplier;

/** What the service counts and times, in Prometheus's text format. */
final class ServerMetrics {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Counter images = Counter.builder("resdensenet_images")
            .description("Images that were computed")
            .register(registry);
    private final Counter expired = Counter.builder("resdensenet_images_expired")
            .description("Images whose timeout passed before they were computed")
            .register(registry);
    private final Timer compute = Timer.builder("resdensenet_compute")
            .description("Time to compute one group of images")
            .serviceLevelObjectives(buckets())
            .register(registry);
    private final Timer wait = Timer.builder("resdensenet_wait")
            .description("Time from the arrival of an image to its computation, decoding included")
            .serviceLevelObjectives(buckets())
            .register(registry);

    ServerMetrics() {
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
    }

    private static Duration[] buckets() {
        return new Duration[] {
            Duration.ofMillis(5),
            Duration.ofMillis(10),
            Duration.ofMillis(25),
            Duration.ofMillis(50),
            Duration.ofMillis(100),
            Duration.ofMillis(250),
            Duration.ofMillis(500),
            Duration.ofSeconds(1),
            Duration.ofSeconds(5)
        };
    }

    /** Counts and times a request. Its route is the pattern of the address, so that clients cannot add series. */
    void answered(String route, int status, long nanos) {
        Timer.builder("resdensenet_requests")
                .description("Requests by route and status")
                .tags("route", route, "status", Integer.toString(status))
                .serviceLevelObjectives(buckets())
                .register(registry)
                .record(Duration.ofNanos(nanos));
    }

    void computed(int count, long nanos) {
        images.increment(count);
        compute.record(Duration.ofNanos(nanos));
    }

    void waited(long nanos) {
        wait.record(Duration.ofNanos(nanos));
    }

    void expired() {
        expired.increment();
    }

    void predicted(String model, String className) {
        Counter.builder("resdensenet_predictions")
                .description("Predicted classes")
                .tags("model", model, "class", className)
                .register(registry)
                .increment();
    }

    void reloaded(String model, boolean success) {
        Counter.builder("resdensenet_reloads")
                .description("Attempts to load a new checkpoint")
                .tags("model", model, "success", Boolean.toString(success))
                .register(registry)
                .increment();
    }

    void gauge(String name, String description, Supplier<Number> value, String... tags) {
        Gauge.builder(name, value).description(description).tags(tags).register(registry);
    }

    String text() {
        return registry.scrape();
    }
}
