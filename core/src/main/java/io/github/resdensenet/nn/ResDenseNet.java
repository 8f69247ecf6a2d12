package io.github.resdensenet.nn;

import static io.github.resdensenet.nn.Functional.globalAveragePool;
import static io.github.resdensenet.nn.Functional.relu;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * ResDenseNet: dense concatenation inside each block, a residual addition around it.
 *
 * <p>Stem, then [block, transition] for all stages but the last, then block, BN, ReLU, global average pool and a linear
 * classifier. The stages have numInitFeatures, 2x, 4x, ... channels. After G. Huang et al., "Densely Connected
 * Convolutional Networks" (CVPR 2017) and K. He et al., "Identity Mappings in Deep Residual Networks" (ECCV 2016).
 */
public final class ResDenseNet extends ImageClassifier {
    private final Sequential stem;
    private final ModuleList<Module> stages;
    private final ModuleList<Transition> transitions;
    private final BatchNorm2d finalBn;
    private final Linear classifier;

    /** The article's network: growth rate 32, blocks of 3, 4, 6 and 4 layers, 64 initial features, bnSize 4. */
    public ResDenseNet(int numClasses) {
        this(ModelConfig.resDenseNet(), numClasses);
    }

    /** A network of any size. */
    ResDenseNet(ModelConfig config, int numClasses) {
        this(
                config,
                numClasses,
                config.numInitFeatures(),
                (stage, channels) -> new DenseResidualBlock(
                        channels, config.growthRate(), config.blockConfig().get(stage), config.bnSize()));
    }

    /** Builds the block of a stage, whose output has the shape of its input: [N, channels, H, W]. */
    interface BlockFactory {
        Module block(int stage, int channels);
    }

    ResDenseNet(ModelConfig config, int numClasses, int initFeatures, BlockFactory factory) {
        super(config, numClasses);
        int features = initFeatures;
        stem = register(
                "stem",
                new Sequential(
                        new Conv2d(3, features, 7, 2, 3),
                        new BatchNorm2d(features),
                        new ReLU(),
                        new MaxPool2d(3, 2, 1)));
        stages = register("stages", new ModuleList<>());
        transitions = register("transitions", new ModuleList<>());
        int numStages = config.blockConfig().size();
        for (int i = 0; i < numStages; i++) {
            stages.append(factory.block(i, features));
            if (i < numStages - 1) {
                transitions.append(new Transition(features, 2 * features));
                features *= 2;
            }
        }
        finalBn = register("final_bn", new BatchNorm2d(features));
        classifier = register("classifier", new Linear(features, numClasses));
        Init.kaiming(this);
    }

    @Override
    public List<String> stages() {
        return Stream.concat(
                        Stream.of("stem"), IntStream.range(0, stages.size()).mapToObj(i -> "stages." + i))
                .toList();
    }

    @Override
    public Tensor forwardStage(int stage, Tensor x) {
        if (stage == 0) {
            return stem.call(x); // [N, numInitFeatures, H/4, W/4]
        }
        if (stage > 1) {
            x = transitions.get(stage - 2).call(x); // twice the channels, half the height and width
        }
        x = stages.get(stage - 1).call(x);
        return stage < stages.size() ? x : relu(finalBn.call(x));
    }

    @Override
    public Tensor forwardHead(Tensor features) {
        return classifier.call(globalAveragePool(features));
    }

    @Override
    public String headName() {
        return "classifier";
    }

    @Override
    public int featureSize(int imageSize) {
        int afterStem = (imageSize + 3) / 4; // two layers of stride 2 that round up
        return afterStem >> transitions.size();
    }
}
