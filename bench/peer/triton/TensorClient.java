import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import triton.client.InferInput;
import triton.client.InferRequestedOutput;
import triton.client.InferResult;
import triton.client.InferenceServerClient;
import triton.client.pojo.DataType;

/** Sends one tensor with Triton's Java client, as JSON and in binary form; prints the two answers. */
public class TensorClient {
    /** Arguments: host:port, model, file of little-endian floats, number of images, image size. */
    public static void main(String[] args) throws Exception {
        int count = Integer.parseInt(args[3]);
        int size = Integer.parseInt(args[4]);
        float[] values = new float[count * 3 * size * size];
        ByteBuffer.wrap(Files.readAllBytes(Path.of(args[2])))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(values);
        try (InferenceServerClient client = new InferenceServerClient(args[0], 5_000, 60_000)) {
            for (boolean binary : new boolean[] {false, true}) {
                InferInput input = new InferInput("pixel_values", new long[] {count, 3, size, size}, DataType.FP32);
                input.setData(values, binary);
                InferResult result = client.infer(
                        args[1], List.of(input), List.of(new InferRequestedOutput("probabilities", binary)));
                System.out.println(Arrays.toString(result.getOutputAsFloat("probabilities")));
            }
        }
        System.exit(0);
    }
}
