package io.github.resdensenet.spark;

import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.predict.PredictionJson;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The column {@code prediction}: what {@code predict --json} prints, or why an image cannot be classified. */
final class ImageScore {
    static final String COLUMN = "prediction";

    static final StructType TYPE = new StructType()
            .add("class", DataTypes.StringType)
            .add("index", DataTypes.IntegerType)
            .add("probability", DataTypes.DoubleType)
            .add("probabilities", DataTypes.createMapType(DataTypes.StringType, DataTypes.DoubleType, false))
            .add("abstained", DataTypes.BooleanType)
            .add("error", DataTypes.StringType);

    private ImageScore() {}

    static Row of(Prediction prediction, PredictionJson form) {
        boolean abstained = form.abstains(prediction);
        return RowFactory.create(
                form.label(prediction),
                abstained ? -1 : prediction.classIndex(),
                prediction.probability(),
                scala.jdk.javaapi.CollectionConverters.asScala(prediction.byClass()),
                abstained,
                null);
    }

    static Row ofError(String reason) {
        return RowFactory.create(null, null, null, null, null, reason);
    }
}
