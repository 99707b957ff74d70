/* global d3 */
import {drawNothing, label, textWidth, fitted, xAxis} from "./chart.js";
import {choice} from "./dom.js";
import {figure} from "./figure.js";
import {grouped, unique} from "./lists.js";
import {number, shortened} from "./text.js";

// Where an encoder is strong and where it is weak: one small chart for each encoder, with the same
// slices in the same order.

const orders = ["name", "mean", "spread between encoders", "items"];

/** Names of the slices in the wanted order. */
function ordered(slices, order) {
  const by = grouped(slices, (s) => s.slice);
  const values = (name) => by.get(name).map((s) => s.value).filter((v) => v !== null);
  const names = [...by.keys()];
  const key = {
    mean: (name) => -(d3.mean(values(name)) ?? 0),
    "spread between encoders": (name) => -((d3.max(values(name)) ?? 0) - (d3.min(values(name)) ?? 0)),
    items: (name) => -d3.max(by.get(name), (s) => s.n),
  }[order];
  return key ? names.sort((a, b) => key(a) - key(b))
    : names.sort((a, b) => a.localeCompare(b, "en", {numeric: true}));
}

/** One encoder: its slices as dots, the other encoders as ticks, its whole score as a line. */
function drawSlices(panel, {row, own, all, names, x, whole, labels, rowHeight, top}) {
  const bottom = top + names.length * rowHeight;
  const [from, to] = x.range();
  label(panel, row.label, {x: 0, y: 14, style: "heading", room: to});
  xAxis(panel, x, {top, bottom, ticks: 3});
  if (whole !== undefined && whole !== null)
    panel.append("line").attr("class", "whole").attr("x1", x(whole)).attr("x2", x(whole))
      .attr("y1", top).attr("y2", bottom).append("title").text(`all items: ${number(whole)}`);
  names.forEach((name, i) => {
    const y = top + (i + 0.5) * rowHeight;
    const score = own.get(name);
    label(panel, name, {x: labels - 8, y: y + 4, anchor: "end", size: 11, room: labels - 12});
    for (const other of all.get(name) ?? [])
      if (other !== score && other.value !== null)
        panel.append("line").attr("class", "others").attr("x1", x(other.value))
          .attr("x2", x(other.value)).attr("y1", y - 5).attr("y2", y + 5);
    if (!score || score.value === null) {
      label(panel, "–", {x: from, y: y + 4, size: 11, style: "muted"});
      return;
    }
    const mark = panel.append("g");
    mark.append("title").text(`${shortened(row.label, 100)}, ${shortened(name, 200)}: ` +
      `${number(score.value)} (${score.n} items; runs ${number(score.lowest)} to ` +
      `${number(score.highest)})`);
    if (score.lowest !== score.highest)
      mark.append("line").attr("class", "interval").attr("x1", x(score.lowest))
        .attr("x2", x(score.highest)).attr("y1", y).attr("y2", y);
    mark.append("circle").attr("class", "mark").attr("cx", x(score.value)).attr("cy", y).attr("r", 4);
  });
}

function drawSlicePanels(svg, width, experiment, {column, dimension, order}) {
  const slices = experiment.slices
    .filter((s) => s.column === column && s.dimension === dimension);
  const values = slices.flatMap((s) => [s.value, s.lowest, s.highest]).filter((v) => v !== null);
  if (values.length === 0) return drawNothing(svg, "This task has no scores by these slices.");
  const names = ordered(slices, order).slice(0, 60);
  const all = grouped(slices, (s) => s.slice);
  const rows = unique(slices.map((s) => s.row));
  const count = Math.max(1, Math.min(rows.length, Math.floor(width / 270)));
  const room = width / count;
  const labels = Math.min(room * 0.42, 16 + d3.max(names, (n) => textWidth(fitted(n, 160, 11), 11)));
  const [low, high] = d3.extent(values);
  const pad = (high - low || 1) * 0.05;
  const x = d3.scaleLinear().domain([low - pad, high + pad]).range([labels, room - 24]);
  const rowHeight = 19, top = 24, panelHeight = top + names.length * rowHeight + 36;
  rows.forEach((row, i) => {
    const own = new Map(slices.filter((s) => s.row === row).map((s) => [s.slice, s]));
    const whole = experiment.scores.find((s) => s.row === row && s.column === column)?.value;
    const panel = svg.append("g").attr("transform",
      `translate(${(i % count) * room},${Math.floor(i / count) * panelHeight})`);
    drawSlices(panel, {row: experiment.rows[row], own, all, names, x, whole, labels, rowHeight, top});
  });
  return Math.ceil(rows.length / count) * panelHeight;
}

export function slicesSection(experiment) {
  const {slices, columns, rows} = experiment;
  if (slices.length === 0) return [];
  const used = unique(slices.map((s) => s.column)).sort((a, b) => a - b);
  const dimensions = unique(slices.filter((s) => s.column === used[0]).concat(slices)
    .map((s) => s.dimension));
  const first = slices.find((s) => s.column === used[0]);
  const shownNow = {column: used[0], dimension: first.dimension, order: orders[0]};
  const change = (key, values) => (index) => {
    shownNow[key] = values[index];
    made.redraw();
  };
  const made = figure({
    title: "Scores by slice of the test items",
    about: "One chart for each encoder. Dot: its score in the slice, with a bar from its lowest to its " +
      "highest run; grey ticks: the other encoders; dashed line: its score over all items.",
    choices: [
      choice("Slices by", dimensions, change("dimension", dimensions)),
      choice("Task", used.map((c) => columns[c].label), change("column", used)),
      choice("Order", orders, change("order", orders)),
    ],
    draw: (svg, width) => drawSlicePanels(svg, width, experiment, shownNow),
    numbers: () => ({
      columns: [
        {name: "encoder", value: (s) => rows[s.row].label},
        {name: "task", value: (s) => columns[s.column].label},
        {name: "dimension", value: (s) => s.dimension},
        {name: "slice", value: (s) => s.slice},
        {name: "metric", value: (s) => columns[s.column].metric},
        {name: "value", value: (s) => s.value, show: (s) => number(s.value)},
        {name: "lowest_run", value: (s) => s.lowest, show: (s) => number(s.lowest)},
        {name: "highest_run", value: (s) => s.highest, show: (s) => number(s.highest)},
        {name: "n", value: (s) => s.n},
        {name: "seeds", value: (s) => s.seeds},
      ],
      rows: slices.filter((s) => s.column === shownNow.column && s.dimension === shownNow.dimension),
    }),
  });
  return [made];
}
