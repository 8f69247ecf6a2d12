package io.github.resdensenet.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.nn.ModelConfig.Architecture;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeTest {
    @TempDir
    private Path folder;

    @Test
    void rejectsBatchLargerThanBuffer() {
        Recipe large = Recipe.defaults().with("data.batchSize", "4096");
        assertThatThrownBy(() -> large.with("data.imageSize", "512"))
                .hasMessage("data.batchSize must be at most 682 at data.imageSize 512"
                        + " (a batch is one buffer below 2 GiB), got 4096");
        assertThat(large.with("data.imageSize", "209").data().batchSize()).isEqualTo(4096);
    }

    @Test
    void defaultRecipeIsArticleTrainingSelectedOnValidationSet() {
        Recipe recipe = Recipe.defaults();
        assertThat(recipe.train().epochs()).isEqualTo(10);
        assertThat(recipe.train().lr()).isEqualTo(1e-3);
        assertThat(recipe.train().weightDecay()).isEqualTo(1e-4);
        assertThat(recipe.train().labelSmoothing()).isEqualTo(0.1);
        assertThat(recipe.train().etaMin()).isEqualTo(1e-6);
        assertThat(recipe.train().selectOn()).isEqualTo(Recipe.SelectOn.VAL);
        assertThat(recipe.augment().summary()).isEqualTo("flip 0.5, jitter 0.2/0.2/0.1");
        assertThat(recipe.model().blockConfig()).containsExactly(3, 4, 6, 4);
    }

    @Test
    void seedRecipeSplitsAndSelectsAsArticle() {
        Recipe recipe = Recipe.builtIn("seed");
        assertThat(recipe.data().split().val()).isZero();
        assertThat(recipe.data().split().train()).isEqualTo(0.8);
        assertThat(recipe.data().stratified()).isFalse();
        assertThat(recipe.train().selectOn()).isEqualTo(Recipe.SelectOn.TEST);
    }

    @Test
    void commonRecipeIsDefaultTrainingForEveryModel() {
        for (Architecture model : Architecture.values()) {
            Recipe common = Recipe.builtIn("common", model);
            assertThat(common.model().name()).isEqualTo(model);
            assertThat(common.with("model.name", "resdensenet")).isEqualTo(Recipe.defaults());
        }
        assertThat(Recipe.builtIn("default")).isEqualTo(Recipe.defaults());
    }

    @Test
    void recipesOfOtherModelsFollowArticleTable() throws Exception {
        Recipe dense = Recipe.read(config("densenet121"));
        assertThat(dense).isEqualTo(Recipe.defaults().with("train.weightDecay", "0.0"));
        Recipe residual = Recipe.read(config("resnet50v2"));
        assertThat(residual.augment().summary()).isEqualTo("none");
        assertThat(residual.train().schedule()).isEqualTo(Recipe.Schedule.CONSTANT);
        assertThat(residual.train().lr()).isEqualTo(1e-3);
        assertThat(residual.train().labelSmoothing()).isZero();
        assertThat(residual.train().weightDecay()).isZero();
    }

    private static Path config(String name) throws Exception {
        return Path.of(Recipe.class.getResource(name + ".yaml").toURI());
    }

    @Test
    void yamlRoundTripPreservesRecipe() throws Exception {
        Recipe recipe = Recipe.builtIn("seed")
                .with("model.blockConfig", "[1, 2]")
                .with("train.lr", "3e-4")
                .withData(Path.of("/a b/类: #1"));
        Path file = folder.resolve("r.yaml");
        Files.writeString(file, recipe.toYaml());
        assertThat(Recipe.read(file)).isEqualTo(recipe);
        assertThat(recipe.data().path()).isEqualTo("/a b/类: #1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "train.epochs|0|train.epochs must be 1 to 100000, got 0",
                "train.epochs|ten|train.epochs must be a whole number, got \"ten\"",
                "train.epochs|1.5|train.epochs must be a whole number, got 1.5",
                "model.fusion|half|model.fusion must be one of [both, concat, add, none, stacked], got half",
                "data.stratified|false|data.split.val must be 0 where data.stratified is false (a random split has no"
                        + " validation set), got 0.16",
                "train.freezeEpochs|10|train.freezeEpochs must be 0 to below train.epochs, got 10",
                "train.freezeEpochs|-1|train.freezeEpochs must be 0 to below train.epochs, got -1",
                "train.shards|0|train.shards must be 1 to 1024, got 0",
                "train.accumulate|0|train.accumulate must be 1 to 1024, got 0",
                "train.batchNorm|group|train.batchNorm must be one of [sync, local], got group",
                "train.lr|-1|train.lr must be a positive number, got -1.0",
                "train.lr|NaN|train.lr must be a number",
                "train.optimizer|adam|train.optimizer must be one of [adamw, sgd], got adam",
                "train.classWeights|even|train.classWeights must be none, balanced or positive numbers separated by commas,"
                        + " got even",
                "train.classWeights|[1, -2]|train.classWeights must be none, balanced or positive numbers separated by"
                        + " commas, got 1,-2",
                "train.startSize|4097|train.startSize must be 0 to 4096, got 4097",
                "train.emaDecay|1.0|train.emaDecay must be 0 to below 1, got 1.0",
                "data.fold|1|data.fold must be 0 where data.folds is 0, got 1",
                "data.folds|1|data.folds must be 0, or 2 to 100, got 1",
                "data.imageSize|automatic|data.imageSize must be a whole number, got \"automatic\"",
                "data.resize|fit|data.resize must be one of [stretch, crop, pad], got fit",
                "augment.cropScale|0.0|augment.cropScale must be above 0 to 1, got 0.0",
                "augment.policy|auto|augment.policy must be one of [none, randaugment, trivialaugmentwide], got auto",
                "data.shuffle|maybe|data.shuffle must be true or false, got \"maybe\"",
                "data.batchSize|0|data.batchSize must be 1 to 4096, got 0",
                "data.split.val|0.5|data.split must be fractions",
                "model.blockConfig|[]|model.blockConfig must be 1 to 8 numbers of layers",
                "model.blockConfig|[a]|blockConfig",
                "model.growthRate|0|model.growthRate must be positive, got 0",
                "train.learningRate|1|unknown recipe key train.learningRate",
                "trian.lr|1|unknown recipe key trian",
                "train|1|train must be a mapping, got 1",
                "augment.horizontalFlip|2|augment.horizontalFlip must be 0 to 1, got 2.0"
            })
    void rejectsInvalidValueAndNamesKey(String key, String value, String message) {
        assertThatThrownBy(() -> Recipe.defaults().with(key, value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void rejectsInvalidFileAndNamesPath() throws Exception {
        Path file = folder.resolve("r.yaml");
        Files.writeString(file, "train:\n  epohcs: 3\n");
        assertThatThrownBy(() -> Recipe.read(file))
                .hasMessageStartingWith(file + ": ")
                .hasMessageContaining("unknown recipe key train.epohcs; known keys: epochs, optimizer, lr");
        Files.writeString(file, "train: {epochs: 0}\n");
        assertThatThrownBy(() -> Recipe.read(file)).hasMessage(file + ": train.epochs must be 1 to 100000, got 0");
        Files.writeString(file, "- a\n- b\n");
        assertThatThrownBy(() -> Recipe.read(file))
                .hasMessage(file + ": a recipe must be a YAML mapping with the keys model, data, augment, train");
        Files.writeString(file, "a: [1\n");
        assertThatThrownBy(() -> Recipe.read(file)).hasMessageStartingWith(file + ": invalid YAML at line 1, column 6");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "train: {lr: 0.1}\\ntrain: {epochs: 1} | duplicate key train at line 2",
                "train: {lr: 0.1, lr: 0.2} | duplicate key lr at line 1",
                "train: {lr: 0.1}\\n---\\ntrain: {lr: 0.2} | unexpected content at line 3",
                "train: [ | invalid YAML at line",
                "'%YAML 9.9\\n---\\ntrain: {}' | invalid YAML",
                "a: &a [1]\\nb: *a | unknown recipe key a",
                "model: {blockConfig: [1000000, 2]} | must be 1 to 8 numbers of layers, each from 1 to 500",
                "model: {growthRate: 100000} | this network would have",
                "model: {bnSize: 2147483647} | this network would have",
                "train: {lr: 1e999999999} | train.lr must be",
                "[1, 2] | a recipe must be a YAML mapping"
            })
    void rejectsOddRecipesInOneLine(String yaml, String message) throws Exception {
        Path file = folder.resolve("odd.yaml");
        Files.writeString(file, yaml.replace("\\n", "\n"));
        assertThatThrownBy(() -> Recipe.read(file))
                .hasMessageStartingWith(file + ": ")
                .hasMessageContaining(message)
                .satisfies(e -> assertThat(e.getMessage())
                        .hasLineCount(1)
                        .hasSizeLessThan(500)
                        .doesNotContain("jackson", "Exception", "Version{"));
    }

    @Test
    void rejectsRecipesThatAreLargeDeepOrNotText() throws Exception {
        Path file = folder.resolve("odd.yaml");
        Files.writeString(file, "# " + "x".repeat(70_000));
        assertThatThrownBy(() -> Recipe.read(file))
                .hasMessage(file + ": the file has 70002 bytes, must be at most 65536");
        Files.write(file, "train: {lr: 0.1}".getBytes(StandardCharsets.UTF_16));
        assertThatThrownBy(() -> Recipe.read(file)).hasMessage(file + ": not UTF-8 text");
        Files.writeString(file, "a: " + "[".repeat(60_000));
        assertThatThrownBy(() -> Recipe.read(file)).hasMessageStartingWith(file + ": unexpected content");
        assertThatThrownBy(() -> Recipe.read(folder)).hasMessage(folder + ": not a regular file");
    }

    @Test
    void defaultRecipeFileDocumentsEveryKey() throws Exception {
        String text = new String(
                Recipe.class.getResourceAsStream("default.yaml").readAllBytes(),
                java.nio.charset.StandardCharsets.UTF_8);
        Recipe.defaults().toYaml().lines().filter(line -> line.contains(":")).forEach(line -> {
            String key = line.strip().split(":")[0];
            assertThat(text).contains(key + ":");
        });
    }
}
