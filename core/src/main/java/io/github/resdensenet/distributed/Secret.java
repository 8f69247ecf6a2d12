package io.github.resdensenet.distributed;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.function.UnaryOperator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Checks that all processes know the same secret, without sending it. That keeps processes of another training out. It
 * does not encrypt what they send afterwards.
 */
final class Secret {
    /** The environment variable with the secret. */
    static final String VARIABLE = "RESDENSENET_SECRET";

    private static final String ALGORITHM = "HmacSHA256";

    private final Mac mac;

    Secret(String secret) {
        try {
            mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec((VARIABLE + secret).getBytes(StandardCharsets.UTF_8), ALGORITHM));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every Java platform has this algorithm
        }
    }

    /** A secret that cannot be guessed. */
    static String random() {
        byte[] bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /**
     * Proves to each other process that this one knows the secret, and checks the others' proofs.
     *
     * @param allGather sends numbers to all processes and returns those of all
     * @throws IllegalArgumentException if a process has another secret, naming its rank
     */
    void check(int rank, int processes, UnaryOperator<double[]> allGather) {
        double[] challenges = allGather.apply(new double[] {new SecureRandom().nextInt()});
        double[] proofs = allGather.apply(proof(rank, challenges));
        int length = proofs.length / processes;
        for (int i = 0; i < processes; i++) {
            double[] expected = proof(i, challenges);
            for (int j = 0; j < length; j++) {
                if (proofs[i * length + j] != expected[j]) {
                    throw new IllegalArgumentException("rank " + i + " has another " + VARIABLE + " than rank " + rank);
                }
            }
        }
    }

    private double[] proof(int rank, double[] challenges) {
        ByteBuffer message = ByteBuffer.allocate(Double.BYTES * (challenges.length + 1));
        message.putDouble(rank);
        for (double challenge : challenges) {
            message.putDouble(challenge);
        }
        ByteBuffer digest = ByteBuffer.wrap(mac.doFinal(message.array()));
        double[] proof = new double[digest.remaining() / Integer.BYTES];
        for (int i = 0; i < proof.length; i++) {
            proof[i] = digest.getInt();
        }
        return proof;
    }
}
