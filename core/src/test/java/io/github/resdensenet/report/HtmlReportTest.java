package io.github.resdensenet.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.report.ReportData.SubsetCounts;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HtmlReportTest {
    private static final Set<String> VOID = Set.of("meta", "img", "br", "link");
    private static final Pattern TAG = Pattern.compile("<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:\"[^\"]*\"|[^\">])*)>");
    private static final Pattern ATTRIBUTE = Pattern.compile("\\s+([a-zA-Z0-9:-]+)(?:=\"[^\"]*\")?");

    /** The page without the contents of scripts and styles. */
    private static String markup(String html) {
        return html.replaceAll("(?s)(<(style|script)>).*?(</\\2>)", "$1$3").replace("<!doctype html>", "");
    }

    private static List<String> values(String html, String attribute) {
        List<String> values = new ArrayList<>();
        Matcher matcher = Pattern.compile(" " + attribute + "=\"([^\"]*)\"").matcher(html);
        while (matcher.find()) {
            values.add(matcher.group(1));
        }
        return values;
    }

    @ParameterizedTest
    @CsvSource({"3, 1, TEST", "3, 100, VAL", "100, 1, VAL", "100, 100, VAL"})
    void everyElementIsClosedAndEveryAttributeQuoted(int classes, int epochs, Subset selectedOn) {
        String html = markup(HtmlReport.html(SampleReports.of(classes, epochs, selectedOn)));
        Deque<String> open = new ArrayDeque<>();
        Matcher tag = TAG.matcher(html);
        while (tag.find()) {
            String name = tag.group(2);
            String attributes = tag.group(3).replaceFirst("/$", "");
            assertThat(ATTRIBUTE.matcher(attributes).replaceAll(""))
                    .as(tag.group())
                    .isBlank();
            boolean selfClosed = tag.group(3).endsWith("/");
            if (!tag.group(1).isEmpty()) {
                assertThat(open.pop()).isEqualTo(name);
            } else if (!selfClosed && !VOID.contains(name)) {
                open.push(name);
            }
        }
        assertThat(open).isEmpty();
        assertThat(TAG.matcher(html).replaceAll("")).doesNotContain("<", ">");
    }

    @ParameterizedTest
    @CsvSource({"3, 100", "100, 100"})
    void pageIsSelfContained(int classes, int epochs) {
        String html = HtmlReport.html(SampleReports.of(classes, epochs, Subset.VAL));
        assertThat(html).doesNotContainIgnoringCase("http://", "https://", "url(", "@import", "<link", "<iframe");
        assertThat(values(html, "src")).isNotEmpty().allMatch(src -> src.startsWith("data:image/"));
        assertThat(values(html, "href")).isNotEmpty().allMatch(href -> href.startsWith("#"));
        assertThat(values(html, "id")).doesNotHaveDuplicates();
        assertThat(values(html, "id"))
                .containsAll(
                        values(html, "href").stream().map(h -> h.substring(1)).toList());
        assertThat(html.length()).isLessThan(2_000_000);
    }

    @Test
    void escapesNames() {
        String html = HtmlReport.html(SampleReports.of(3, 2, Subset.VAL));
        assertThat(html).contains("正常", "&lt;script&gt;alert(").doesNotContain("<script>alert", "</script>\"&");
        assertThat(Pattern.compile("<script").matcher(html).results()).hasSize(1);
    }

    @Test
    void imagesAndChartsHaveAlternativeText() {
        String html = HtmlReport.html(SampleReports.of(100, 3, Subset.VAL));
        long images = Pattern.compile("<img ").matcher(html).results().count();
        assertThat(values(html, "alt")).hasSize((int) images).allMatch(alt -> alt.length() > 10);
        assertThat(Pattern.compile("<h1").matcher(html).results()).hasSize(1);
        assertThat(Pattern.compile("<svg viewBox=\"0 0 400 260\" role=\"img\" aria-label=\"[^\"]{10,}")
                        .matcher(html)
                        .results())
                .as("accuracy, loss, learning rate, reliability, ROC")
                .hasSize(5);
    }

    @Test
    void largeConfusionMatrixIsHeatmapWithMostFrequentErrors() {
        assertThat(HtmlReport.html(SampleReports.of(3, 1, Subset.VAL))).contains("<table class=\"matrix\">");
        String many = HtmlReport.html(SampleReports.of(100, 1, Subset.VAL));
        assertThat(many).contains("class=\"heat\"", "Most frequent errors").doesNotContain("<table class=\"matrix");
    }

    @Test
    void confusionMatrixShowsCountsAndRowPercentages() {
        String html = HtmlReport.html(SampleReports.of(3, 1, Subset.VAL));
        assertThat(html).contains("<td class=\"right\" style=\"--p:0.930\">40<small>93.0%</small></td>");
    }

    @Test
    void sectionsWithoutContentAreOmitted() {
        ReportData all = SampleReports.of(3, 2, Subset.VAL);
        ReportData few = new ReportData(
                all.model(),
                all.data(),
                all.curves(),
                all.selectedOn(),
                all.selection(),
                all.test(),
                List.of(),
                all.subsets(),
                Optional.empty(),
                Optional.empty(),
                all.provenance(),
                all.recipe());
        assertThat(HtmlReport.html(all)).contains("id=\"examples\"", "id=\"architecture\"", "Audit");
        assertThat(HtmlReport.html(few))
                .contains("id=\"curves\"", "id=\"classes\"", "id=\"confidence\"")
                .doesNotContain("\"#examples\"", "\"#architecture\"", "Audit");
    }

    @Test
    void limitsFollowFromTheMetrics() {
        List<String> limits = Limits.of(SampleReports.of(3, 100, Subset.VAL));
        assertThat(limits)
                .anyMatch(l -> l.startsWith("The accuracy was measured on"))
                .anyMatch(l -> l.contains("highest validation accuracy (95% interval 80.0% to 92.0%)"))
                .anyMatch(l -> l.matches(
                        ".*onfidence and accuracy differ by [0-9.]+ percentage points .* is overconfident\\."))
                .noneMatch(l -> l.contains("on the test set itself"))
                .noneMatch(l -> l.contains("fewer than 30"));
        assertThat(Limits.of(SampleReports.of(3, 1, Subset.TEST)))
                .anyMatch(l -> l.contains("on the test set itself") && l.contains("Calibration was skipped"))
                .anyMatch(l -> l.startsWith("One epoch was trained"));
        assertThat(Limits.of(SampleReports.of(100, 5, Subset.VAL)))
                .anyMatch(l -> l.matches(".*类别 \\d+ and \\d+ more have fewer than 30 test images: .*"));
    }

    @Test
    void rejectsSubsetsWithWrongNumberOfClasses() {
        ReportData three = SampleReports.of(3, 1, Subset.VAL);
        assertThatThrownBy(() -> new ReportData(
                        three.model(),
                        three.data(),
                        three.curves(),
                        three.selectedOn(),
                        three.selection(),
                        three.test(),
                        three.galleries(),
                        List.of(new SubsetCounts(Subset.TRAIN, List.of(1, 2))),
                        three.audit(),
                        three.diagram(),
                        three.provenance(),
                        three.recipe()))
                .hasMessageContaining("subset train must count 3 classes");
    }
}
