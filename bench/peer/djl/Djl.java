import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.NoopTranslator;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Runs a TorchScript file in DJL. Usage: Djl MODEL TENSORS SIZE, where TENSORS is a file of float32 [n, 3, SIZE, SIZE]. */
public class Djl {
    public static void main(String[] args) throws Exception {
        int size = Integer.parseInt(args[2]);
        FloatBuffer numbers = ByteBuffer.wrap(Files.readAllBytes(Path.of(args[1])))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        Criteria<NDList, NDList> criteria = Criteria.builder()
                .setTypes(NDList.class, NDList.class)
                .optModelPath(Path.of(args[0]))
                .optEngine("PyTorch")
                .optTranslator(new NoopTranslator())
                .build();
        try (ZooModel<NDList, NDList> model = criteria.loadModel();
                Predictor<NDList, NDList> predictor = model.newPredictor()) {
            float[] image = new float[3 * size * size];
            while (numbers.hasRemaining()) {
                numbers.get(image);
                NDList input = new NDList(model.getNDManager().create(image, new Shape(1, 3, size, size)));
                System.out.println(Arrays.toString(predictor.predict(input).singletonOrThrow().toFloatArray()));
            }
        }
    }
}
