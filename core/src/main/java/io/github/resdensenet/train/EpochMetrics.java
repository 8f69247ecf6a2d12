package io.github.resdensenet.train;

import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.eval.Decimal;
import org.jspecify.annotations.Nullable;

/**
 * One epoch's figures.
 *
 * @param epoch from 1
 * @param trainAcc share of training images answered rightly while training, 0 to 1
 * @param trainLoss mean over batches
 * @param checkedOn the part looked at after the epoch
 * @param acc accuracy there, 0 to 1
 * @param loss mean over batches there, label smoothing included
 * @param lr learning rate that the epoch used
 * @param nextLr learning rate of the next epoch
 * @param seconds time of the training part
 * @param imagesPerSecond training images a second
 */
public record EpochMetrics(
        int epoch,
        double trainAcc,
        double trainLoss,
        Part checkedOn,
        double acc,
        double loss,
        double lr,
        double nextLr,
        double seconds,
        double imagesPerSecond) {
    /** The article's line. Its Lr is the next epoch's, since the article prints it after scheduler.step(). */
    public String line() {
        String part = checkedOn == Part.TEST ? "Test" : "Val";
        return "Epoch:%2d, Train_acc:%s%%, Train_loss:%s, %s_acc:%s%%, %s_loss:%s, Lr:%s"
                .formatted(
                        epoch,
                        Decimal.percent(trainAcc),
                        Decimal.fixed(trainLoss, 3),
                        part,
                        Decimal.percent(acc),
                        part,
                        Decimal.fixed(loss, 3),
                        Decimal.scientific(nextLr));
    }

    String csv() {
        String checked = acc + "," + loss;
        return epoch + "," + trainAcc + "," + trainLoss + ","
                + (checkedOn == Part.VAL ? checked + ",," : ",," + checked) + "," + lr + "," + Decimal.fixed(seconds, 3)
                + "," + Decimal.fixed(imagesPerSecond, 1);
    }

    /** Reads a line of history.csv; the next epoch's rate is not kept there. */
    static @Nullable EpochMetrics parse(String csv) {
        String[] f = csv.split(",", -1);
        if (f.length != 10) {
            return null;
        }
        try {
            boolean val = !f[3].isEmpty();
            int at = val ? 3 : 5;
            return new EpochMetrics(
                    Integer.parseInt(f[0]),
                    Double.parseDouble(f[1]),
                    Double.parseDouble(f[2]),
                    val ? Part.VAL : Part.TEST,
                    Double.parseDouble(f[at]),
                    Double.parseDouble(f[at + 1]),
                    Double.parseDouble(f[7]),
                    Double.NaN,
                    Double.parseDouble(f[8]),
                    Double.parseDouble(f[9]));
        } catch (NumberFormatException e) {
            return null;
        }
    }
}
