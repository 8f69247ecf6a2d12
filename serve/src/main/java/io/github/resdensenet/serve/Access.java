package io.github.resdensenet.serve;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.jspecify.annotations.Nullable;

/** Decides whether a request may be answered. */
final class Access {
    private static final String SCHEME = "Bearer ";

    private final boolean loopback;
    private final Optional<byte[]> expected;

    Access(ServeOptions options) {
        loopback = ServeOptions.isLoopback(options.host());
        expected = options.token().map(token -> token.getBytes(StandardCharsets.US_ASCII));
    }

    /** Whether clients need a token. */
    boolean needsToken() {
        return expected.isPresent();
    }

    /**
     * Checks a request.
     *
     * @param open whether the route needs no token
     * @param reading whether the request changes and computes nothing, so that other sites may link to it
     * @throws HttpFailure 401 or 403
     */
    void check(HttpFields headers, boolean open, boolean reading) {
        String host = headers.get(HttpHeader.HOST);
        // Another site's name that resolves to this machine would let that site read the answers.
        if (loopback && (host == null || !ServeOptions.isLoopback(withoutPort(host)))) {
            throw new HttpFailure(403, "the Host header must be localhost");
        }
        String site = headers.get("Sec-Fetch-Site");
        if (!reading && (isOther(site) || isOtherOrigin(headers.get(HttpHeader.ORIGIN), host))) {
            throw new HttpFailure(403, "requests from other sites are not allowed");
        }
        if (!open && expected.isPresent()) {
            String sent = headers.get(HttpHeader.AUTHORIZATION);
            boolean bearer = sent != null && sent.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
            byte[] bytes = bearer
                    ? sent.substring(SCHEME.length()).strip().getBytes(StandardCharsets.ISO_8859_1)
                    : new byte[0];
            if (!MessageDigest.isEqual(bytes, expected.get())) {
                throw new HttpFailure(
                        401,
                        "the header Authorization: Bearer TOKEN is missing or wrong",
                        Map.of("WWW-Authenticate", "Bearer"));
            }
        }
    }

    private static boolean isOther(@Nullable String site) {
        return site != null && !site.equals("same-origin") && !site.equals("none");
    }

    private static boolean isOtherOrigin(@Nullable String origin, @Nullable String host) {
        if (origin == null) {
            return false;
        }
        try {
            String authority = URI.create(origin).getAuthority();
            return authority == null || !authority.equals(host);
        } catch (IllegalArgumentException e) {
            return true;
        }
    }

    private static String withoutPort(String host) {
        int colon = host.lastIndexOf(':');
        return colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
    }
}
