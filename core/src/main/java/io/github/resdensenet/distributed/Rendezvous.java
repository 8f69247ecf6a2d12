package io.github.resdensenet.distributed;

import io.github.resdensenet.util.NativeCache;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.SizeTPointer;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.FileStore;
import org.bytedeco.pytorch.GlooDeviceVector;
import org.bytedeco.pytorch.PrefixStore;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.Store;
import org.bytedeco.pytorch.TCPStore;
import org.bytedeco.pytorch.TCPStoreOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.gloo.Device;
import org.jspecify.annotations.Nullable;

/** Where the processes of a training find each other. */
public final class Rendezvous {
    private final int rank;
    private final int processes;
    private final Place place;
    private final Duration timeout;

    private Rendezvous(int rank, int processes, Place place, Duration timeout) {
        this.rank = rank;
        this.processes = processes;
        this.place = place;
        this.timeout = timeout;
    }

    /** Where processes meet. */
    private sealed interface Place {}

    /** A file, for processes on one machine. They communicate through memory that they share. */
    private record OneMachine(Path file) implements Place {}

    /**
     * A TCP server, for processes on several machines.
     *
     * @param served whether it runs already; else rank 0 runs it
     * @param prefix of the keys
     */
    private record Server(String host, int port, boolean served, String prefix) implements Place {}

    /**
     * A TCP server that rank 0 starts on a free port, with a new secret.
     *
     * @param host of rank 0
     * @param ofRank0 passes a text of rank 0 to every process; each process calls it once
     */
    private record AnyPort(String host, UnaryOperator<String> ofRank0) implements Place {}

    /** Processes on one machine that meet in a file. Each training needs a file of its own, in a private folder. */
    public static Rendezvous ofFile(Path file, int rank, int processes, Duration timeout) {
        return new Rendezvous(rank, processes, new OneMachine(file), timeout);
    }

    /**
     * Reads the variables that PyTorch's torchrun sets: RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT. If RANK is not
     * set, reads those of Kubeflow Trainer: PET_NODE_RANK, PET_NNODES, PET_MASTER_ADDR and PET_MASTER_PORT.
     *
     * @throws IllegalArgumentException if a variable is missing or wrong, naming it
     */
    public static Rendezvous ofEnvironment(Map<String, String> environment, Duration timeout) {
        boolean pet = !environment.containsKey("RANK") && environment.containsKey("PET_NODE_RANK");
        if (pet) {
            String perNode = environment.getOrDefault("PET_NPROC_PER_NODE", "1");
            if (perNode.matches("[0-9]+") && !perNode.equals("1")) {
                throw new IllegalArgumentException(
                        "PET_NPROC_PER_NODE must be 1, got " + perNode + ": one process uses all cores of its node");
            }
        }
        int rank = number(environment, pet ? "PET_NODE_RANK" : "RANK", 0, 1 << 20);
        int processes = number(environment, pet ? "PET_NNODES" : "WORLD_SIZE", 1, 1 << 20);
        if (rank >= processes) {
            throw new IllegalArgumentException((pet ? "PET_NODE_RANK" : "RANK") + " must be less than the number of"
                    + " processes " + processes + ", got " + rank);
        }
        boolean served = "True".equals(environment.get("TORCHELASTIC_USE_AGENT_STORE"));
        return new Rendezvous(
                rank,
                processes,
                new Server(
                        text(environment, pet ? "PET_MASTER_ADDR" : "MASTER_ADDR"),
                        number(environment, pet ? "PET_MASTER_PORT" : "MASTER_PORT", 1, 65_535),
                        served,
                        served
                                ? "/worker/attempt_" + environment.getOrDefault("TORCHELASTIC_RESTART_COUNT", "0") + "/"
                                : ""),
                timeout);
    }

    /**
     * Processes on several machines that can already pass a text to each other, for instance Spark tasks. Rank 0 starts a
     * TCP server on a free port, and passes the port and a random secret.
     *
     * @param host the name or address of rank 0's machine
     * @param ofRank0 returns rank 0's argument on every process; each process calls it once
     */
    public static Rendezvous ofText(
            String host, int rank, int processes, Duration timeout, UnaryOperator<String> ofRank0) {
        return new Rendezvous(rank, processes, new AnyPort(host, ofRank0), timeout);
    }

    /** Number of this process, from 0. */
    int rank() {
        return rank;
    }

    /** Number of processes. */
    int processes() {
        return processes;
    }

    private static String text(Map<String, String> environment, String name) {
        String value = environment.get(name);
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException("--rendezvous env needs the environment variable " + name);
        }
        return value.strip();
    }

    private static int number(Map<String, String> environment, String name, int from, int to) {
        String value = text(environment, name);
        try {
            int number = Integer.parseInt(value);
            if (number >= from && number <= to) {
                return number;
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        throw new IllegalArgumentException(
                name + " must be a whole number from " + from + " to " + to + ", got " + value);
    }

    /**
     * Connects the processes; returns when all have come.
     *
     * <p>If the environment variable RESDENSENET_SECRET is set, it must be the same for all processes.
     *
     * @throws LostProcessException if a process does not come
     * @throws IllegalArgumentException if a process has another secret
     * @throws IOException if rank 0 cannot be reached
     */
    public ProcessGroup connect() throws IOException {
        NativeCache.prepare(torch.class);
        Secret secret = new Secret(String.valueOf(System.getenv(Secret.VARIABLE)));
        if (place instanceof OneMachine machine) {
            RollCall roll = new RollCall(new FileStore(machine.file.toString(), processes), "", rank, processes);
            return ProcessGroup.connect(
                    rank, processes, roll, secret, () -> new MappedTransport(machine.file, rank, processes, timeout));
        }
        if (place instanceof AnyPort any) {
            return connect(any);
        }
        Server server = (Server) place;
        Device device = device(server);
        return connect(server, commonStore(server), device, secret);
    }

    private ProcessGroup connect(AnyPort any) throws IOException {
        @Nullable TCPStore started = rank == 0 ? tcpStore(any.host, 0, true) : null;
        String own = started == null ? "" : Short.toUnsignedInt(started.getPort()) + " " + Secret.random();
        String[] passed = any.ofRank0.apply(own).split(" ", 2);
        Server server = new Server(any.host, Integer.parseInt(passed[0]), started == null, "");
        Store store = started == null ? commonStore(server) : started;
        return connect(server, store, device(server), new Secret(passed[1]));
    }

    private ProcessGroup connect(Server server, Store store, Device device, Secret secret) throws IOException {
        RollCall roll = new RollCall(store, server.prefix, rank, processes);
        return ProcessGroup.connect(rank, processes, roll, secret, () -> gloo(store, server.prefix, device));
    }

    private Store commonStore(Server server) throws IOException {
        try {
            return tcpStore(server.host, server.port, rank == 0 && !server.served);
        } catch (RuntimeException e) {
            throw new IOException(
                    "rank 0 cannot be reached at " + server.host + ":" + server.port + ": " + firstLine(e), e);
        }
    }

    /** Connects two Gloo groups, which use the same keys, so each has a prefix of its own. */
    private Transport gloo(Store common, String prefix, Device device) {
        return new GlooTransport(group(common, prefix + "small/", device), group(common, prefix + "large/", device));
    }

    private ProcessGroupGloo group(Store common, String prefix, Device device) {
        ProcessGroupGloo.Options options = ProcessGroupGloo.Options.create(new Milliseconds(timeout.toMillis()));
        options.devices(new GlooDeviceVector(device));
        options.threads(1);
        // Java's constructors of stores count no references, which code that keeps a store needs; copies count them
        Store store = new PrefixStore(prefix, common.clone()).clone();
        return new ProcessGroupGloo(store, rank, processes, options);
    }

    private TCPStore tcpStore(String host, int port, boolean isServer) {
        TCPStoreOptions options = new TCPStoreOptions();
        options.port((short) port);
        options.isServer(isServer);
        options.numWorkers(new SizeTPointer(1).put(processes));
        options.waitWorkers(false);
        options.timeout(new Milliseconds(timeout.toMillis()));
        return new TCPStore(host, options);
    }

    /** The network interface that GLOO_SOCKET_IFNAME names, or else the one that reaches rank 0's machine. */
    private static Device device(Server server) throws IOException {
        String name = System.getenv("GLOO_SOCKET_IFNAME");
        if (name != null && !name.isBlank()) {
            String first = name.replaceAll(",.*", "").strip();
            try {
                return ProcessGroupGloo.createDeviceForInterface(first);
            } catch (RuntimeException e) {
                throw new IllegalArgumentException("GLOO_SOCKET_IFNAME names no usable network interface: " + first, e);
            }
        }
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(new InetSocketAddress(address(server.host), server.port)); // sends nothing
            return ProcessGroupGloo.createDeviceForHostname(
                    socket.getLocalAddress().getHostAddress());
        }
    }

    private static InetAddress address(String host) throws IOException {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new IOException("the address of rank 0 is unknown: " + host, e);
        }
    }

    private static String firstLine(RuntimeException error) {
        return String.valueOf(error.getMessage()).lines().findFirst().orElse("");
    }
}
