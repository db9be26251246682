// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.report;

import io.github.filterport.bench.result.Measurement;
import io.github.filterport.bench.result.Results;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Plots of a run, as SVG. */
public final class Charts {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 520;
  private static final Pattern LONG_FRACTION = Pattern.compile("(\\d\\.\\d)\\d+");

  private final Results results;
  private final Path folder;

  private Charts(Results results, Path folder) {
    this.results = results;
    this.folder = folder;
  }

  /** Writes all that the results have figures for. */
  public static void write(Results results, Path folder) throws IOException {
    Charts charts = new Charts(results, folder);
    for (String placement : List.of("same-core", "two-cores")) {
      charts.percentiles("round-trip", placement, "Round trip, " + placement.replace('-', ' '));
      charts.percentiles("gated-open", placement, "Opens, " + placement.replace('-', ' '));
    }
    charts.latencyByRate();
    charts.throughput();
  }

  private List<Measurement> of(String group, String placement) {
    return results.measurements().stream()
        .filter(one -> one.group().equals(group) && one.placement().equals(placement))
        .toList();
  }

  private void save(Chart<?, ?> chart, String name) throws IOException {
    VectorGraphicsEncoder.saveVectorGraphic(
        chart, folder.resolve(name).toString(), VectorGraphicsFormat.SVG);
    // Letters are drawn as outlines, to a millionth of a pixel; a tenth is enough and half the
    // size.
    Path file = folder.resolve(name + ".svg");
    String svg = Files.readString(file, StandardCharsets.UTF_8);
    Files.writeString(file, LONG_FRACTION.matcher(svg).replaceAll("$1"), StandardCharsets.UTF_8);
  }

  private static XYChart xy(String title, String x, String y) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(x)
            .yAxisTitle(y)
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    chart.getStyler().setYAxisLogarithmic(true);
    chart.getStyler().setDefaultSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Line);
    return chart;
  }

  /** Along the x axis the nines: 0 is the median's side, 1 is 90 %, 2 is 99 %. */
  private void percentiles(String group, String placement, String title) throws IOException {
    XYChart chart = xy(title, "nines (1 = 90 %, 2 = 99 %, 3 = 99.9 %)", "microseconds");
    for (Measurement one : of(group, placement)) {
      List<Double> nines = new ArrayList<>();
      List<Double> micros = new ArrayList<>();
      for (List<Double> point : one.percentiles()) {
        double left = 100 - point.get(0);
        if (left >= 0.01 && point.get(1) > 0) {
          nines.add(Math.log10(100 / left));
          micros.add(point.get(1) / 1000);
        }
      }
      if (!nines.isEmpty()) {
        chart.addSeries(one.subject(), nines, micros).setMarker(SeriesMarkers.NONE);
      }
    }
    if (!chart.getSeriesMap().isEmpty()) {
      save(chart, group + "-" + placement);
    }
  }

  private static double rate(Measurement one) {
    return ((Number) one.conditions().get("rate")).doubleValue();
  }

  private void latencyByRate() throws IOException {
    XYChart chart =
        xy(
            "Latency by rate, two cores, from the intended send time",
            "messages a second",
            "microseconds");
    chart.getStyler().setXAxisLogarithmic(true);
    Map<String, List<Measurement>> bySubject = new LinkedHashMap<>();
    for (Measurement one : of("open-loop", "two-cores")) {
      bySubject.computeIfAbsent(one.subject(), key -> new ArrayList<>()).add(one);
    }
    bySubject.forEach(
        (subject, all) -> {
          all.sort(Comparator.comparingDouble(Charts::rate));
          List<Double> rates = all.stream().map(Charts::rate).toList();
          List<Double> p50 = all.stream().map(one -> Math.max(1, one.p50()) / 1000).toList();
          List<Double> p99 = all.stream().map(one -> Math.max(1, one.p99()) / 1000).toList();
          chart.addSeries(subject + " p50", rates, p50);
          chart.addSeries(subject + " p99", rates, p99);
        });
    if (!chart.getSeriesMap().isEmpty()) {
      save(chart, "latency-by-rate");
    }
  }

  private void throughput() throws IOException {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("Throughput, two cores, adaptive")
            .xAxisTitle("senders x depth")
            .yAxisTitle("million messages a second")
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    Map<String, Map<String, Double>> series = new LinkedHashMap<>();
    for (Measurement one : of("throughput", "two-cores")) {
      series
          .computeIfAbsent(
              one.subject() + " " + one.conditions().get("kind"), key -> new LinkedHashMap<>())
          .put(
              one.conditions().get("senders") + "x" + one.conditions().get("depth"),
              one.perSecond() / 1e6);
    }
    series.forEach(
        (name, points) ->
            chart.addSeries(name, List.copyOf(points.keySet()), List.copyOf(points.values())));
    if (!series.isEmpty()) {
      save(chart, "throughput");
    }
  }
}
