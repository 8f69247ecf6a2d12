package io.github.resdensenet.report;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.Interval;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.plot.Diagram;
import io.github.resdensenet.plot.LearningCurves;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that a run's report shows. The page omits sections without content.
 *
 * @param model the architecture's name in print
 * @param data the name of the data set, in any script
 * @param curves the epochs
 * @param selectedOn the subset that selected the best epoch
 * @param selection 95% interval of the best epoch's accuracy on that subset
 * @param test evaluation of the best checkpoint on the test set
 * @param galleries example images
 * @param subsets number of images per subset and class
 * @param audit what was found when the images were read
 * @param diagram the architecture
 * @param provenance facts by name: where the run comes from
 * @param recipe the resolved recipe as YAML
 */
public record ReportData(
        String model,
        String data,
        LearningCurves curves,
        Subset selectedOn,
        Interval selection,
        Evaluation test,
        List<Gallery> galleries,
        List<SubsetCounts> subsets,
        Optional<Audit> audit,
        Optional<Diagram> diagram,
        Map<String, String> provenance,
        String recipe) {
    /** Copies the lists and checks that each subset counts every class. */
    public ReportData {
        galleries = List.copyOf(galleries);
        subsets = List.copyOf(subsets);
        for (SubsetCounts counted : subsets) {
            if (counted.counts().size() != test.classes().size()) {
                throw new IllegalArgumentException("subset " + counted.subset().label() + " must count "
                        + test.classes().size() + " classes, got " + counted.counts());
            }
        }
    }

    /** What the metrics do not show, and where the model is weak, in sentences. */
    public List<String> limits() {
        return Limits.of(this);
    }

    /** Class names by index, in any script. */
    public List<String> classes() {
        return test.classes();
    }

    /**
     * A metric in words.
     *
     * @param name its name in print
     * @param value the value in print
     * @param interval the 95% interval in print, or ""
     * @param meaning one sentence for readers who do not know the metric
     */
    public record Card(String name, String value, String interval, String meaning) {}

    /**
     * Images of one true class that were predicted as another.
     *
     * @param truth the true class
     * @param predicted the predicted class
     * @param n number of images
     * @param of number of images of the true class
     */
    public record Confusion(String truth, String predicted, int n, int of) {}

    /**
     * Example images with something in common.
     *
     * @param title heading
     * @param about one sentence
     * @param examples the images
     */
    public record Gallery(String title, String about, List<Example> examples) {
        /** Keeps its own list. */
        public Gallery {
            examples = List.copyOf(examples);
        }
    }

    /**
     * An image with its prediction.
     *
     * @param file path inside the image folder
     * @param truth the true class
     * @param predicted the predicted class
     * @param probability probability of the predicted class, 0 to 1
     * @param image the image as the network sees it
     * @param overlay the image with the attribution map over it
     */
    public record Example(
            String file,
            String truth,
            String predicted,
            double probability,
            RgbImage image,
            Optional<RgbImage> overlay) {
        /** An image as the text of a data: address. */
        public static String base64(RgbImage image) {
            return HtmlReport.base64(image);
        }
    }

    /**
     * How many images of each class a subset has.
     *
     * @param subset the subset
     * @param counts by class index
     */
    public record SubsetCounts(Subset subset, List<Integer> counts) {
        /** Keeps its own list. */
        public SubsetCounts {
            counts = List.copyOf(counts);
        }

        /** Images of all classes. */
        public int total() {
            return counts.stream().mapToInt(Integer::intValue).sum();
        }
    }

    /**
     * What was found when the images were read.
     *
     * @param summary one sentence
     * @param findings the findings
     */
    public record Audit(String summary, List<Finding> findings) {
        /** Keeps its own list. */
        public Audit {
            findings = List.copyOf(findings);
        }
    }

    /**
     * A finding.
     *
     * @param what one sentence
     * @param files the files concerned, with details
     */
    public record Finding(String what, List<String> files) {
        /** Keeps its own list. */
        public Finding {
            files = List.copyOf(files);
        }
    }
}
