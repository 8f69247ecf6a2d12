package io.github.resdensenet.cli;

import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.util.Choices;
import java.io.PrintWriter;
import picocli.CommandLine.Option;

/** The number format of predictions. */
final class PrecisionOption {
    private static final String NAME = "--precision";

    @Option(
            names = NAME,
            paramLabel = "fp32|bf16|int8",
            description =
                    "number format of the network; int8 needs resdensenet quantize first. If the processor lacks the"
                            + " instructions, fp32 is used (default: fp32)")
    private String precision = InferencePrecision.FP32.toString();

    InferencePrecision value() {
        return Choices.parse(InferencePrecision.class, NAME, precision);
    }

    /** Says which number format is used, unless it is the default. */
    void say(String used, PrintWriter err) {
        if (value() != InferencePrecision.FP32) {
            err.println("resdensenet: precision " + used);
        }
    }
}
