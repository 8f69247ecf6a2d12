package io.github.resdensenet.run;

import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.util.Choices;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.exc.InvalidFormatException;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/**
 * Converts recipes to and from YAML. The default recipe, a resource of this package, defines the keys and their types.
 * Recipe files and {@code --set} can change values but not add keys.
 */
final class RecipeFile {
    private static final long MAX_BYTES = 64 << 10;
    private static final String AUTO = "auto"; // an image size

    private static final YAMLMapper YAML = YAMLMapper.builder(YAMLFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .disable(YAMLWriteFeature.WRITE_DOC_START_MARKER)
            .enable(YAMLWriteFeature.MINIMIZE_QUOTES)
            .build();

    /** Architectures with a default recipe of their own. */
    private static final Set<Architecture> OWN_RECIPES = Set.of(Architecture.DENSENET121, Architecture.RESNET50V2);

    private RecipeFile() {}

    static Recipe builtIn(String name, Architecture model) {
        if (!Recipe.NAMES.contains(name)) {
            throw new IllegalArgumentException(
                    "recipe must be one of " + Recipe.NAMES + " or a YAML file, got " + name);
        }
        ObjectNode recipe = resource("default");
        if (OWN_RECIPES.contains(model) && !name.equals("common")) {
            merge(recipe, resource(model.toString()), "", model.toString());
        }
        if (!name.equals("default")) {
            merge(recipe, resource(name), "", name);
        }
        set(recipe, "model.name", YAML.getNodeFactory().stringNode(model.toString()));
        return bind(recipe);
    }

    private static ObjectNode resource(String name) {
        try (InputStream in = RecipeFile.class.getResourceAsStream(name + ".yaml")) {
            if (in == null) {
                throw new IllegalStateException("no resource " + name + ".yaml");
            }
            ObjectNode recipe = (ObjectNode) YAML.readTree(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            if (recipe.path("data") instanceof ObjectNode data
                    && data.path("imageSize").isString()) {
                data.put("imageSize", Recipe.Data.AUTO_SIZE);
            }
            return recipe;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    static Recipe read(Path file) throws IOException {
        return parse(Text.read(file, MAX_BYTES), file);
    }

    /** Parses YAML text. Omitted keys have their default, so recipes of earlier versions can be read. */
    static Recipe parse(String yaml, Path source) {
        JsonNode changes;
        try {
            changes = YAML.readTree(yaml);
        } catch (JacksonException e) {
            throw new IllegalArgumentException(source + ": " + Text.problem("YAML", e), e);
        }
        if (!changes.isObject()) {
            throw new IllegalArgumentException(
                    source + ": a recipe must be a YAML mapping with the keys model, data, augment, train");
        }
        ObjectNode recipe = resource("default");
        try {
            merge(recipe, (ObjectNode) changes, "", source.toString());
            return bind(recipe);
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            throw new IllegalArgumentException(message.startsWith(source + ":") ? message : source + ": " + message, e);
        }
    }

    static Recipe with(Recipe recipe, Map<String, String> values) {
        ObjectNode tree = YAML.valueToTree(recipe);
        values.forEach((key, value) -> {
            try {
                set(tree, key, YAML.readTree(value));
            } catch (JacksonException e) {
                throw new IllegalArgumentException(key + ": invalid YAML value: " + Text.shorten(value), e);
            }
        });
        return bind(tree);
    }

    static Recipe withText(Recipe recipe, String key, String text) {
        ObjectNode tree = YAML.valueToTree(recipe);
        set(tree, key, YAML.getNodeFactory().stringNode(text));
        return bind(tree);
    }

    private static void set(ObjectNode recipe, String key, JsonNode value) {
        ObjectNode changes = YAML.createObjectNode();
        String[] names = key.split("\\.", -1);
        ObjectNode group = changes;
        for (int i = 0; i < names.length - 1; i++) {
            group = group.putObject(names[i]);
        }
        group.set(names[names.length - 1], value);
        merge(recipe, changes, "", key);
    }

    static String toYaml(Recipe recipe) {
        ObjectNode tree = YAML.valueToTree(recipe);
        if (recipe.data().imageSize() == Recipe.Data.AUTO_SIZE) {
            ((ObjectNode) tree.get("data")).put("imageSize", AUTO);
        }
        return YAML.writeValueAsString(tree);
    }

    /** Returns every key with its value: a number, a boolean or a string. */
    static Map<String, Object> flat(Recipe recipe) {
        Map<String, Object> values = new LinkedHashMap<>();
        flatten(YAML.valueToTree(recipe), "", values);
        return values;
    }

    private static void flatten(JsonNode node, String key, Map<String, Object> into) {
        if (node.isObject()) {
            node.properties()
                    .forEach(e -> flatten(e.getValue(), key.isEmpty() ? e.getKey() : key + "." + e.getKey(), into));
        } else {
            into.put(
                    key,
                    node.isNumber()
                            ? node.asDouble()
                            : node.isBoolean()
                                    ? node.asBoolean()
                                    : node.isString() ? node.asString() : node.toString());
        }
    }

    static List<String> differences(Recipe from, Recipe to) {
        List<String> differences = new ArrayList<>();
        differences(YAML.valueToTree(from), YAML.valueToTree(to), "", differences);
        return differences;
    }

    private static void differences(ObjectNode from, ObjectNode to, String path, List<String> into) {
        for (Map.Entry<String, JsonNode> entry : from.properties()) {
            JsonNode before = entry.getValue();
            JsonNode after = to.path(entry.getKey());
            if (before.isObject()) {
                differences((ObjectNode) before, (ObjectNode) after, path + entry.getKey() + ".", into);
            } else if (!before.equals(after)) {
                into.add(path + entry.getKey() + " " + before + " -> " + after);
            }
        }
    }

    private static Recipe bind(ObjectNode recipe) {
        try {
            return YAML.treeToValue(recipe, Recipe.class);
        } catch (InvalidFormatException e) {
            String key = e.getPath().stream()
                    .map(JacksonException.Reference::getPropertyName)
                    .collect(Collectors.joining("."));
            throw new IllegalArgumentException(Choices.rule(e.getTargetType(), key, e.getValue()), e);
        } catch (JacksonException e) {
            if (e.getCause() instanceof IllegalArgumentException invalidValue) {
                throw invalidValue;
            }
            throw new IllegalArgumentException("recipe: a value does not fit its key", e);
        }
    }

    /** A value for a message. YAML reads a key without a value as null. */
    private static String shown(JsonNode value) {
        return value.isNull() ? "no value" : Text.shorten(value);
    }

    /** Copies changed values into a recipe tree, checking keys and types. */
    private static void merge(ObjectNode recipe, ObjectNode changes, String path, String source) {
        for (Map.Entry<String, JsonNode> change : changes.properties()) {
            String key = path + change.getKey();
            JsonNode known = recipe.get(change.getKey());
            JsonNode value = change.getValue();
            if (known == null) {
                throw new IllegalArgumentException((source.equals(key) ? "" : source + ": ") + "unknown recipe key "
                        + Text.shorten(key) + "; known keys: " + String.join(", ", recipe.propertyNames()));
            }
            if (known.isObject()) {
                if (!value.isObject()) {
                    throw new IllegalArgumentException(key + " must be a mapping, got " + shown(value));
                }
                merge((ObjectNode) known, (ObjectNode) value, key + ".", source);
                continue;
            }
            if (key.equals("data.imageSize")
                    && value.isString()
                    && value.asString().equals(AUTO)) {
                value = YAML.getNodeFactory().numberNode(Recipe.Data.AUTO_SIZE);
            }
            if (key.equals("train.classWeights")
                    && value.isArray()
                    && value.valueStream().allMatch(JsonNode::isNumber)) {
                value = YAML.getNodeFactory()
                        .stringNode(value.valueStream().map(JsonNode::asString).collect(Collectors.joining(",")));
            }
            if (known.isString() && value.isNumber()) {
                value = YAML.getNodeFactory().stringNode(value.asString()); // an image folder may be named 2024
            }
            String expected = typeName(known);
            if (!expected.equals(typeName(value)) && !(expected.equals("a number") && value.isIntegralNumber())) {
                throw new IllegalArgumentException(key + " must be " + expected + ", got " + shown(value));
            }
            checkRange(key, known, value);
            recipe.set(change.getKey(), value);
        }
    }

    /** Whole numbers have 32 bits, except the seed. */
    private static void checkRange(String key, JsonNode known, JsonNode value) {
        boolean whole = known.isIntegralNumber() && !key.equals("train.seed");
        boolean fits = !value.isArray() || value.valueStream().allMatch(JsonNode::canConvertToInt);
        if (known.isArray() ? !fits : whole && !value.canConvertToInt()) {
            throw new IllegalArgumentException(
                    key + " must be at most " + Integer.MAX_VALUE + " in absolute value, got " + shown(value));
        }
    }

    /** Returns the type of a value in words, for error messages and for comparing types. */
    private static String typeName(JsonNode value) {
        if (value.isIntegralNumber()) {
            return value.canConvertToLong() ? "a whole number" : "a whole number of at most 64 bits";
        }
        if (value.isNumber()) {
            return "a number";
        }
        if (value.isBoolean()) {
            return "true or false";
        }
        if (value.isArray()) {
            boolean whole = value.valueStream().allMatch(JsonNode::isIntegralNumber);
            return whole ? "a list of whole numbers" : "a list of other values";
        }
        return value.isString() ? "a string" : "a value of another type";
    }
}
