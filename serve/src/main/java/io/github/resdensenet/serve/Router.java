package io.github.resdensenet.serve;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.eclipse.jetty.util.URIUtil;
import org.jspecify.annotations.Nullable;

/** The routes of the service. A segment {@code {name}} of a pattern matches every segment of a path. */
final class Router {
    /** Answers a request. */
    interface Route {
        CompletableFuture<Answer> answer(Call call);
    }

    /**
     * A route that matches a path.
     *
     * @param open whether it needs no token
     */
    record Match(String pattern, boolean open, Route route, Map<String, String> variables) {}

    private record Entry(String method, String pattern, boolean open, Route route) {}

    private final List<Entry> entries = new ArrayList<>();

    /** Adds a route that needs a token, if the service has one. */
    Router add(String method, String pattern, Route route) {
        entries.add(new Entry(method, pattern, false, route));
        return this;
    }

    /** Adds a GET route whose answer is ready. */
    Router get(String pattern, Function<Call, Answer> route) {
        return add("GET", pattern, call -> CompletableFuture.completedFuture(route.apply(call)));
    }

    /** Adds a GET route that needs no token. */
    Router open(String pattern, Function<Call, Answer> route) {
        entries.add(new Entry("GET", pattern, true, call -> CompletableFuture.completedFuture(route.apply(call))));
        return this;
    }

    /**
     * Finds the route of a request. HEAD requests use the routes of GET.
     *
     * @throws HttpFailure 400, 404 or 405
     */
    Match find(String method, @Nullable String path) {
        if (path == null) { // CONNECT
            throw new HttpFailure(400, "the address is not valid");
        }
        String asked = method.equals("HEAD") ? "GET" : method;
        String[] given = Arrays.stream(path.split("/", -1)).map(Router::decoded).toArray(String[]::new);
        Set<String> allowed = new LinkedHashSet<>();
        for (Entry entry : entries) {
            Optional<Map<String, String>> variables = match(entry.pattern, given);
            if (variables.isPresent() && entry.method.equals(asked)) {
                return new Match(entry.pattern, entry.open, entry.route, variables.get());
            }
            if (variables.isPresent()) {
                allowed.add(entry.method);
                if (entry.method.equals("GET")) {
                    allowed.add("HEAD");
                }
            }
        }
        if (allowed.isEmpty()) {
            throw new HttpFailure(404, "no such page");
        }
        throw new HttpFailure(
                405, "the method must be " + String.join(" or ", allowed), Map.of("Allow", String.join(", ", allowed)));
    }

    /** A segment of a path, in which Jetty leaves reserved characters encoded. */
    private static String decoded(String segment) {
        try {
            return URIUtil.decodePath(segment);
        } catch (IllegalArgumentException e) {
            throw new HttpFailure(400, "the address is not valid");
        }
    }

    private static Optional<Map<String, String>> match(String pattern, String[] given) {
        String[] wanted = pattern.split("/", -1);
        if (wanted.length != given.length) {
            return Optional.empty();
        }
        Map<String, String> variables = new LinkedHashMap<>();
        for (int i = 0; i < wanted.length; i++) {
            if (wanted[i].startsWith("{") && !given[i].isEmpty()) {
                variables.put(wanted[i].substring(1, wanted[i].length() - 1), given[i]);
            } else if (!wanted[i].equals(given[i])) {
                return Optional.empty();
            }
        }
        return Optional.of(variables);
    }
}
