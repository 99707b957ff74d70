/* global d3 */
import {dashes, fitted, label, series, textWidth, xAxis, yAxis} from "./chart.js";
import {unique} from "./lists.js";

// Small charts of lines. A line is {name, panel, about, points: [[x, y or null], ...]}; lines of the
// same name look alike in all panels.

const mostPanels = 24;

/** The names of the lines above the charts. @returns the height that they take */
function drawLegend(svg, width, names) {
  let x = 0, y = 12;
  names.slice(0, series + 1).forEach((name, i) => {
    const text = i < series ? fitted(name, 160, 11) : `and ${names.length - series} more, in grey`;
    const room = textWidth(text, 11) + 52;
    if (x > 0 && x + room > width) {
      x = 0;
      y += 18;
    }
    svg.append("line").attr("class", `curve series-${i}`).attr("stroke-dasharray", dashes[i] ?? "")
      .attr("x1", x).attr("x2", x + 28).attr("y1", y - 4).attr("y2", y - 4);
    label(svg, text, {x: x + 34, y, size: 11});
    x += room;
  });
  return y + 10;
}

/** A scale over these values: logarithmic if `ratio` or more lies between the ends. */
function scaleOver(values, ratio) {
  const [low, high] = d3.extent(values);
  if (low > 0 && high / low >= ratio) return {scale: d3.scaleLog().domain([low, high]), log: true};
  return {scale: d3.scaleLinear().domain(low === high ? [low - 0.5, high + 0.5] : [low, high]), log: false};
}

function drawDots(panel, line, i, x, y) {
  for (const [at, value] of line.points)
    if (value !== null)
      panel.append("circle").attr("class", `mark series-${i}`).attr("r", 3)
        .attr("cx", x(at)).attr("cy", y(value)).append("title").text(line.about);
}

function drawLines(panel, {title, lines, names, room, height, marks, xRatio}) {
  const left = 56, right = room - 22, top = 44, bottom = height - 34;
  const values = lines.flatMap((line) => line.points.map(([, value]) => value)).filter((v) => v !== null);
  const places = unique(lines.flatMap((line) => line.points.map(([at]) => at)));
  const {scale: x, log: xLog} = scaleOver(places, xRatio);
  const {scale: y, log: yLog} = scaleOver(values.length > 0 ? values : [0], 100);
  x.range([left, right]);
  y.nice().range([bottom, top]);
  label(panel, title, {x: 0, y: 16, style: "heading", room: room - 10});
  xAxis(panel, x, {top, bottom, ticks: xLog ? 3 : 4, format: "~s",
    values: marks && places.length <= 6 ? places : null});
  yAxis(panel, y, {left, right, ticks: 4, format: yLog ? "~g" : null,
    name: yLog ? "logarithmic" : ""});
  const path = d3.line().defined(([, value]) => value !== null)
    .x(([at]) => x(at)).y(([, value]) => y(value));
  for (const line of lines) {
    const i = Math.min(names.indexOf(line.name), series);
    panel.append("path").attr("class", `curve series-${i}`).attr("stroke-dasharray", dashes[i] ?? "")
      .attr("d", path(line.points)).append("title").text(line.about);
    if (marks || line.points.length === 1) drawDots(panel, line, i, x, y);
    for (const [at, value] of line.points)
      if (value === null)
        panel.append("text").attr("x", x(at)).attr("y", top + 10).attr("text-anchor", "middle")
          .attr("font-size", 12).text("✗").append("title").text(`not finite at ${at}`);
  }
}

/**
 * Draws a legend and a chart for each panel. @returns the height
 * marks: whether every point gets a dot; xRatio: from which ratio of its ends x is logarithmic.
 */
export function drawLinePanels(svg, width, lines, {marks = false, xRatio = Infinity} = {}) {
  const names = unique(lines.map((line) => line.name));
  const all = unique(lines.map((line) => line.panel));
  const panels = all.slice(0, mostPanels);
  const start = drawLegend(svg, width, names);
  const count = Math.max(1, Math.min(panels.length, Math.floor(width / 300)));
  const room = width / count, height = 210;
  panels.forEach((title, i) => {
    const panel = svg.append("g").attr("transform",
      `translate(${(i % count) * room},${start + Math.floor(i / count) * height})`);
    drawLines(panel, {title, names, room, height, marks, xRatio,
      lines: lines.filter((line) => line.panel === title)});
  });
  const bottom = start + Math.ceil(panels.length / count) * height;
  if (all.length > panels.length)
    label(svg, `${all.length - panels.length} more in the table`, {x: 0, y: bottom + 12, size: 11});
  return bottom + 20;
}
