package io.github.resdensenet.report;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that a run's report shows: plain numbers, texts and pictures. Parts that are not known are empty, and the page leaves
 * them out.
 *
 * @param model the architecture's name in print
 * @param data the name of the pictures, in any script
 * @param classes class names by index, in any script
 * @param curves the epochs
 * @param choice how the best epoch was chosen
 * @param scores figures of the best epoch on the test pictures
 * @param calibration how far probabilities can be believed
 * @param roc a curve a class, one against the rest
 * @param galleries pictures worth a look
 * @param parts what the pictures were dealt into
 * @param audit findings about the pictures
 * @param diagram the architecture
 * @param provenance facts by name: where the run comes from
 * @param recipe the resolved recipe as YAML
 */
public record ReportData(
        String model,
        String data,
        List<String> classes,
        LearningCurves curves,
        Choice choice,
        Scores scores,
        Optional<Calibration> calibration,
        List<Roc> roc,
        List<Gallery> galleries,
        List<Part> parts,
        Optional<Audit> audit,
        Optional<Diagram> diagram,
        Map<String, String> provenance,
        String recipe) {
    /** Keeps its own lists and checks that the classes agree. */
    public ReportData {
        classes = List.copyOf(classes);
        roc = List.copyOf(roc);
        galleries = List.copyOf(galleries);
        parts = List.copyOf(parts);
        int n = classes.size();
        if (n == 0 || scores.perClass().size() != n || scores.confusion().size() != n) {
            throw new IllegalArgumentException("a report needs figures of each of its " + n + " classes, got "
                    + scores.perClass().size() + " and a confusion matrix of "
                    + scores.confusion().size());
        }
        for (Part part : parts) {
            if (part.counts().size() != n) {
                throw new IllegalArgumentException(
                        "part " + part.name() + " must count " + n + " classes, got " + part.counts());
            }
        }
    }

    /**
     * A 95% interval.
     *
     * @param low lower bound
     * @param high upper bound
     */
    public record Interval(double low, double high) {}

    /**
     * How the best epoch was chosen.
     *
     * @param part "val" or "test"
     * @param interval of the best epoch's accuracy on that part
     */
    public record Choice(String part, Interval interval) {}

    /**
     * One figure.
     *
     * @param name what it is
     * @param value its value
     * @param percent whether it is a share of 1, printed as a percentage
     * @param interval where it may lie
     * @param meaning a sentence for who does not know it
     */
    public record Figure(String name, double value, boolean percent, Optional<Interval> interval, String meaning) {}

    /**
     * Figures on a part of the pictures.
     *
     * @param part "test"
     * @param n pictures
     * @param accuracy share of right answers
     * @param more other figures
     * @param confusion counts, rows by true class, columns by predicted class
     * @param perClass a row a class
     */
    public record Scores(
            String part,
            int n,
            Figure accuracy,
            List<Figure> more,
            List<List<Integer>> confusion,
            List<ClassScore> perClass) {
        /** Keeps its own lists. */
        public Scores {
            more = List.copyOf(more);
            confusion = List.copyOf(confusion);
            perClass = List.copyOf(perClass);
        }
    }

    /**
     * One class's figures, 0 where there is nothing to divide by.
     *
     * @param n pictures of the class
     * @param precision share of the predictions of the class that are right
     * @param recall share of the class's pictures that were found
     * @param f1 harmonic mean of the two
     * @param recallInterval where the recall may lie
     */
    public record ClassScore(int n, double precision, double recall, double f1, Optional<Interval> recallInterval) {}

    /**
     * Reliability: of the answers given with some confidence, how many are right.
     *
     * @param ece expected calibration error, 0 to 1
     * @param temperature that the logits are divided by; 1 if none was fitted
     * @param bins by confidence
     */
    public record Calibration(double ece, double temperature, List<Bin> bins) {
        /**
         * Answers of about one confidence.
         *
         * @param n how many
         * @param confidence their mean confidence
         * @param accuracy share of right ones
         */
        public record Bin(int n, double confidence, double accuracy) {}

        /** Keeps its own list. */
        public Calibration {
            bins = List.copyOf(bins);
        }
    }

    /**
     * A receiver operating characteristic.
     *
     * @param name class name, or what is averaged
     * @param auc area under it
     * @param falsePositives shares, rising from 0 to 1
     * @param truePositives shares, of the same number
     */
    public record Roc(String name, double auc, List<Double> falsePositives, List<Double> truePositives) {
        /** Keeps its own lists. */
        public Roc {
            falsePositives = List.copyOf(falsePositives);
            truePositives = List.copyOf(truePositives);
            if (falsePositives.size() != truePositives.size() || falsePositives.isEmpty()) {
                throw new IllegalArgumentException("a ROC needs points, as many shares of the one as of the other");
            }
        }
    }

    /**
     * Pictures of one sort.
     *
     * @param title of the gallery
     * @param about a sentence
     * @param examples the pictures
     */
    public record Gallery(String title, String about, List<Example> examples) {
        /** Keeps its own list. */
        public Gallery {
            examples = List.copyOf(examples);
        }
    }

    /**
     * A picture and its answer.
     *
     * @param file its name
     * @param truth name of its class
     * @param predicted name of the most probable class
     * @param probability of that class
     * @param picture what the network saw
     * @param overlay the same with what the answer rests on
     */
    public record Example(
            String file,
            String truth,
            String predicted,
            double probability,
            Picture picture,
            Optional<Picture> overlay) {}

    /**
     * A part of the pictures.
     *
     * @param name "train", "val" or "test"
     * @param counts pictures of each class
     */
    public record Part(String name, List<Integer> counts) {
        /** Keeps its own list. */
        public Part {
            counts = List.copyOf(counts);
        }

        /** Pictures of all classes. */
        public int total() {
            return counts.stream().mapToInt(Integer::intValue).sum();
        }
    }

    /**
     * What an audit of the pictures found.
     *
     * @param summary a sentence
     * @param findings one each
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
     * @param what a sentence
     * @param files that it is about
     */
    public record Finding(String what, List<String> files) {
        /** Keeps its own list. */
        public Finding {
            files = List.copyOf(files);
        }
    }
}
