package io.github.resdensenet.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Help;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/**
 * Lists the options of a command under headings in its help. Parsing is not affected: options in a picocli
 * {@code @ArgGroup} would lose their values when one option of the group is given twice.
 */
final class OptionGroups implements IModelTransformer, IHelpSectionRenderer {
    private record Group(String heading, List<String> names) {}

    private static final List<Group> GROUPS = List.of(
            new Group("Data", List.of("--data", "--image-size", "--on-bad")),
            new Group("Model", List.of("--model", "--init", "--new-head")),
            new Group("Optimisation", List.of("--epochs", "--batch-size", "--lr", "--seed")),
            new Group("Several processes", ProcessOptions.NAMES));

    /** Options of a recipe that a command accepts but ignores. */
    private static final Map<String, Set<String>> IGNORED = Map.of("bench", Set.of("--epochs", "--on-bad", "--device"));

    /** Heading of all other options. */
    private static final String OTHERS = "Run";

    @Override
    public CommandSpec transform(CommandSpec spec) {
        spec.usageMessage().sectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, this);
        return spec;
    }

    @Override
    public String render(Help help) {
        List<OptionSpec> others = new ArrayList<>(help.commandSpec().options());
        Set<String> ignored = IGNORED.getOrDefault(help.commandSpec().name(), Set.of());
        others.removeIf(option -> option.hidden() || ignored.contains(option.longestName()));
        StringBuilder text = new StringBuilder();
        for (Group group : GROUPS) {
            List<OptionSpec> options = group.names().stream()
                    .flatMap(name -> others.stream()
                            .filter(option -> option.longestName().equals(name)))
                    .toList();
            others.removeAll(options);
            text.append(section(help, group.heading(), options));
        }
        return text.append(section(help, OTHERS, others)).toString();
    }

    private static String section(Help help, String heading, List<OptionSpec> options) {
        return options.isEmpty()
                ? ""
                : help.createHeading("%n" + heading + ":%n") + help.optionListExcludingGroups(options);
    }
}
