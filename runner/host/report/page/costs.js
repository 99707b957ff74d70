/* global d3 */
import {drawNothing, fitted, label, symbolPath, textWidth, xAxis, yAxis} from "./chart.js";
import {choice} from "./dom.js";
import {figure} from "./figure.js";
import {number, quantity, shortened} from "./text.js";

// What a score costs. An encoder on the Pareto front is one that no other beats in both.

const measures = [
  {field: "bits_per_second", text: "bits per second of the codes"},
  {field: "parameters", text: "parameters of the encoder"},
  {field: "milliseconds_per_second", text: "ms of encoding per second of audio"},
  {field: "frames_per_second", text: "frames per second of the features"},
  {field: "effective_rank", text: "effective rank of the features"},
  {field: "peak_bytes", text: "peak memory of the worker (bytes)"},
  {field: "seconds", text: "seconds of fitting and scoring"},
];

/** Points that no other point beats or equals at a lower or equal cost, by cost. */
function paretoFront(points, higherIsBetter) {
  const sign = higherIsBetter ? 1 : -1;
  const sorted = [...points].sort((a, b) => a.x - b.x || sign * (b.y - a.y));
  const front = [];
  for (const point of sorted)
    if (front.length === 0 || sign * (point.y - front[front.length - 1].y) > 0) front.push(point);
  return front;
}

function pointsOf(experiment, column, field) {
  const scores = new Map(experiment.scores.filter((s) => s.column === column && s.value !== null)
    .map((s) => [s.row, s]));
  return experiment.costs
    .filter((c) => c.column === column && c[field] !== null && scores.has(c.row))
    .map((c) => ({row: experiment.rows[c.row], cost: c, score: scores.get(c.row), x: c[field],
      y: scores.get(c.row).value}));
}

/** Moves labels apart, so that none covers another. */
function placed(points, x, y, width) {
  const taken = [];
  return points.map((point) => {
    const text = fitted(point.row.label, 150, 11), room = textWidth(text, 11);
    const right = x(point.x) + 9 + room < width;
    const from = right ? x(point.x) + 9 : x(point.x) - 9 - room;
    let top = y(point.y) - 6;  // above the steps of the front
    const covers = () => taken.some((other) => Math.abs(other.top - top) < 13 &&
      from < other.to && other.from < from + room);
    for (let tries = 0; tries < 20 && covers(); ++tries) top += tries % 2 === 0 ? 13 * (tries + 1) : -13 * (tries + 1);
    taken.push({from, to: from + room, top});
    return {...point, text, from, top};
  });
}

function drawPoints(svg, width, experiment, {column, measure}) {
  const points = pointsOf(experiment, column, measure.field);
  if (points.length === 0) return drawNothing(svg, "Nothing is known about this cost in this task.");
  const {metric, unit, higher_is_better: higherIsBetter} = experiment.columns[column];
  const left = 52, right = width - 16, top = 28, bottom = 320;
  const [low, high] = d3.extent(points, (p) => p.x);
  const logarithmic = low > 0 && high / low > 20;
  const x = logarithmic ? d3.scaleLog().domain([low / 1.3, high * 1.6])
    : d3.scaleLinear().domain([Math.min(0, low), (high || 1) * 1.1]);
  x.range([left, right]);
  const [worst, best] = d3.extent(points, (p) => p.y);
  const pad = (best - worst || 0.1) * 0.12;
  const y = d3.scaleLinear().domain([worst - pad, best + pad]).range([bottom, top]);
  xAxis(svg, x, {top, bottom, ticks: width < 500 ? 3 : 6, format: high < 10 ? "~g" : "~s",
    name: `${measure.text}${logarithmic ? ", logarithmic" : ""}`});
  yAxis(svg, y, {left, right, name: `${metric}${unit ? ` (${unit})` : ""}`});

  const front = paretoFront(points.filter((p) => !p.row.control), higherIsBetter);
  if (front.length > 1)
    svg.append("path").attr("class", "front")
      .attr("d", d3.line().curve(d3.curveStepAfter).x((p) => x(p.x)).y((p) => y(p.y))(front));
  for (const point of placed(points, x, y, width)) {
    const onFront = front.some((p) => p.row === point.row);
    const group = svg.append("g").attr("class", "halo");
    group.append("title").text(`${shortened(point.row.label, 200)}: ${metric} ${number(point.y)}, ` +
      `${quantity(point.x)} ${measure.text}${onFront ? "; on the Pareto front" : ""}`);
    const style = point.row.control ? "mark control" : onFront ? "mark" : "mark averaged";
    const shape = point.row.control ? d3.symbolSquare
      : onFront ? d3.symbolDiamond : d3.symbolCircle;
    group.append("path").attr("class", style).attr("d", symbolPath(shape, onFront ? 100 : 60))
      .attr("transform", `translate(${x(point.x)},${y(point.y)})`);
    label(group, point.text, {x: point.from, y: point.top, size: 11});
  }
  return bottom + 44;
}

export function costsSection(experiment) {
  const {columns, rows, costs, scores} = experiment;
  const measured = measures.filter(({field}) => columns.some((_, c) =>
    new Set(pointsOf(experiment, c, field).map((p) => p.row.label)).size > 1 &&
    new Set(pointsOf(experiment, c, field).map((p) => p.x)).size > 1));
  if (measured.length === 0) return [];
  const used = columns.map((_, c) => c).filter((c) => scores.some((s) => s.column === c && s.value !== null));
  const shownNow = {measure: measured[0], column: used[0]};
  const change = (key, values) => (index) => {
    shownNow[key] = values[index];
    made.redraw();
  };
  const known = (field) => ({name: field, value: (c) => c[field], show: (c) => quantity(c[field])});
  const scoreOf = (c) => scores.find((s) => s.row === c.row && s.column === c.column)?.value ?? null;
  const made = figure({
    title: "Score against rate, size and cost",
    about: "Filled diamonds and the stepped line: the Pareto front, encoders that no other beats at a " +
      "lower or equal cost. Hollow circles: the others. Hollow grey squares: controls, which are not " +
      "on the front.",
    choices: [
      choice("Against", measured.map((m) => m.text), change("measure", measured)),
      choice("Task", used.map((c) => columns[c].label), change("column", used)),
    ],
    draw: (svg, width) => drawPoints(svg, width, experiment, shownNow),
    numbers: () => ({
      columns: [
        {name: "encoder", value: (c) => rows[c.row].label},
        {name: "task", value: (c) => columns[c.column].label},
        {name: "metric", value: (c) => columns[c.column].metric},
        {name: "value", value: scoreOf, show: (c) => number(scoreOf(c))},
        ...measures.map(({field}) => known(field)),
      ],
      rows: costs,
    }),
  });
  return [made];
}
