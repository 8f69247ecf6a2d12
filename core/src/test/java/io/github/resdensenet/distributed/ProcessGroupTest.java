package io.github.resdensenet.distributed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Groups of processes, here as threads. */
class ProcessGroupTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    private int meetings;

    private interface Work<T> {
        T run(ProcessGroup group) throws Exception;
    }

    private interface Meeting {
        Rendezvous of(int rank);
    }

    private static <T> List<T> inParallel(int processes, Meeting meeting, Work<T> work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(processes);
        try {
            List<Future<T>> results = new ArrayList<>();
            for (int i = 0; i < processes; i++) {
                int rank = i;
                results.add(threads.submit(() -> {
                    try (ProcessGroup group = meeting.of(rank).connect()) {
                        return work.run(group);
                    }
                }));
            }
            List<T> all = new ArrayList<>();
            for (Future<T> result : results) {
                while (!result.isDone()) {
                    System.gc(); // native objects that libtorch still needs must not be freed
                    Thread.sleep(5);
                }
                all.add(result.get());
            }
            return all;
        } finally {
            threads.shutdown();
        }
    }

    private Meeting meeting(boolean oneMachine, int processes) throws Exception {
        if (oneMachine) {
            Path store = folder.resolve("store" + meetings++);
            return rank -> Rendezvous.ofFile(store, rank, processes, TIMEOUT);
        }
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        return rank -> Rendezvous.ofEnvironment(
                Map.of(
                        "RANK", Integer.toString(rank),
                        "WORLD_SIZE", Integer.toString(processes),
                        "MASTER_ADDR", "127.0.0.1",
                        "MASTER_PORT", Integer.toString(port)),
                TIMEOUT);
    }

    private static Tensor tensor(double... values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return AbstractTensor.create(floats, floats.length); // owns its memory
    }

    private static float[] values(Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.numel())];
        tensor.data_ptr_float().get(values);
        return values;
    }

    @ParameterizedTest(name = "on one machine: {0}, {1} processes")
    @CsvSource({"true, 2", "true, 3", "false, 2", "false, 3"})
    void arraysTensorsAndBytesArriveInTheOrderOfTheRanks(boolean oneMachine, int processes) throws Exception {
        int large = 70_000; // more than a block of shared memory
        byte[] bytes = "夜".repeat(1_000_000).getBytes(StandardCharsets.UTF_8);
        List<Boolean> passed = inParallel(processes, meeting(oneMachine, processes), group -> {
            int rank = group.rank();
            assertThat(group.size()).isEqualTo(processes);
            for (int length : new int[] {1, 3, large}) {
                double[] own =
                        DoubleStream.generate(() -> rank + 0.1).limit(length).toArray();
                double[] all = group.allGather(own);
                assertThat(all).hasSize(length * processes);
                assertThat(IntStream.range(0, all.length).allMatch(i -> all[i] == i / length + 0.1))
                        .isTrue();
            }
            assertThat(group.broadcast(rank == 0 ? bytes : new byte[0])).isEqualTo(bytes);
            assertThat(group.broadcast(new byte[0])).isEmpty();

            Tensor gathered = tensor(new double[2 * processes]);
            group.allGather(tensor(rank, rank + 0.5), gathered);
            assertThat(values(gathered)[2 * processes - 1]).isEqualTo(processes - 0.5f);

            boolean[] senders = new boolean[processes];
            Arrays.fill(senders, true);
            senders[0] = false; // a process without shards
            double[] input = IntStream.range(0, rank == 0 ? 0 : processes)
                    .mapToDouble(i -> 10 * rank + i)
                    .toArray();
            Tensor received = tensor(new double[processes - 1]);
            group.allToAll(tensor(input), received, 1, senders);
            for (int i = 1; i < processes; i++) {
                assertThat(values(received)[i - 1]).isEqualTo(10f * i + rank);
            }
            return true;
        });
        assertThat(passed).hasSize(processes).doesNotContain(false);
    }

    @Test
    void allProcessesAgreeToStopAfterTheSameMessage() throws Exception {
        List<Integer> messages = inParallel(3, meeting(true, 3), group -> {
            for (int i = 0; ; i++) {
                if (group.rank() == 1 && i == 5) {
                    group.requestStop();
                }
                group.allGather(new double[] {i});
                if (group.isStopAgreed()) {
                    return i;
                }
            }
        });
        assertThat(messages).containsExactly(5, 5, 5);
    }

    @Test
    void differentValuesAreNamed() throws Exception {
        assertThatThrownBy(() -> inParallel(3, meeting(true, 3), group -> {
                    group.requireSame("the weights", 7);
                    group.requireSame("the weights", group.rank() == 2 ? 8 : 7);
                    return true;
                }))
                .isInstanceOf(ExecutionException.class)
                .hasMessageContaining("the weights of rank [2] differ from those of rank 0");
    }

    @Test
    void aLostProcessIsNamed() throws Exception {
        Meeting meeting = rank -> Rendezvous.ofFile(folder.resolve("store"), rank, 3, Duration.ofSeconds(1));
        assertThatThrownBy(() -> inParallel(3, meeting, group -> {
                    group.allGather(new double[1]);
                    if (group.rank() == 1) {
                        return true; // closes its group and never answers again
                    }
                    group.allGather(new double[1]);
                    return false;
                }))
                .hasRootCauseMessage("no message from rank 1")
                .hasMessageContaining("rank 1 does not answer");
    }

    @Test
    void aBarrierWaitsForAllAndCanBeCancelled() throws Exception {
        List<Long> waited = inParallel(2, meeting(true, 2), group -> {
            long start = System.nanoTime();
            if (group.rank() == 1) {
                Thread.sleep(1_500);
            }
            group.barrier("ready", () -> {});
            return System.nanoTime() - start;
        });
        assertThat(waited.get(0)).isGreaterThan(1_000_000_000L);
        assertThatThrownBy(() -> inParallel(2, meeting(true, 2), group -> {
                    if (group.rank() == 0) { // the other process never comes
                        group.barrier("other", () -> {
                            throw new CancellationException();
                        });
                    }
                    return true;
                }))
                .hasRootCauseInstanceOf(CancellationException.class);
    }

    @Test
    void processesWithDifferentSecretsAreRejected() throws Exception {
        assertThatCode(() -> inParallel(2, meeting(true, 2), group -> {
                    new Secret("one").check(group.rank(), 2, group::allGather);
                    return true;
                }))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> inParallel(2, meeting(true, 2), group -> {
                    new Secret(group.rank() == 0 ? "one" : "two").check(group.rank(), 2, group::allGather);
                    return true;
                }))
                .hasMessageContaining("rank 1 has another RESDENSENET_SECRET than rank 0");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "WORLD_SIZE=2 | --rendezvous env needs the environment variable RANK",
                "RANK=x WORLD_SIZE=2 | RANK must be a whole number from 0 to 1048576, got x",
                "RANK=2 WORLD_SIZE=2 | RANK must be less than the number of processes 2, got 2",
                "RANK=0 WORLD_SIZE=2 MASTER_PORT=1 | --rendezvous env needs the environment variable MASTER_ADDR",
                "RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=65536 | MASTER_PORT must be a whole number from 1 to 65535, got 65536",
                "PET_NODE_RANK=0 PET_NNODES=2 PET_NPROC_PER_NODE=2 | PET_NPROC_PER_NODE must be 1, got 2: one process uses all cores of its node"
            })
    void wrongEnvironmentsAreNamed(String variables, String message) {
        Map<String, String> environment = new HashMap<>();
        for (String variable : variables.split(" ", -1)) {
            int equals = variable.indexOf('=');
            environment.put(variable.substring(0, equals), variable.substring(equals + 1));
        }
        assertThatThrownBy(() -> Rendezvous.ofEnvironment(environment, TIMEOUT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void kubeflowsVariablesAreUnderstood() {
        Rendezvous rendezvous = Rendezvous.ofEnvironment(
                Map.of(
                        "PET_NODE_RANK", "3",
                        "PET_NNODES", "4",
                        "PET_NPROC_PER_NODE", "auto",
                        "PET_MASTER_ADDR", "job-node-0-0.job",
                        "PET_MASTER_PORT", "29400"),
                TIMEOUT);
        assertThat(rendezvous.rank()).isEqualTo(3);
        assertThat(rendezvous.processes()).isEqualTo(4);
    }

    @Test
    void everyImageBelongsToOneShardAndOneProcess() {
        for (int images = 1; images <= 20; images++) {
            for (int shards = 1; shards <= 9; shards++) {
                for (int processes = 1; processes <= 5; processes++) {
                    int next = 0;
                    for (int rank = 0; rank < processes; rank++) {
                        Sharding sharding = new Sharding(shards, rank, processes);
                        assertThat(sharding.own(images).from()).isEqualTo(next);
                        next = sharding.own(images).to();
                        int most = (sharding.count(images) + processes - 1) / processes;
                        assertThat(sharding.shardsOf(images, rank).size()).isBetween(0, most);
                    }
                    assertThat(next).isEqualTo(images);
                }
            }
        }
    }
}
