/* global d3 */
import {fitted, hatch, label, textWidth} from "./chart.js";
import {element} from "./dom.js";
import {figure} from "./figure.js";
import {radarFigure} from "./radar.js";
import {counted, number, pValue, quantity, shortened, shown, signed} from "./text.js";

// Encoders by tasks: every score, what is tied with the best, and what is missing and why.

const signs = {best: "★", tied: "≈", untested: "?", behind: ""};

/** Shares of the way from the worst number of a column to its best, by row. */
function shades(column, scores) {
  const values = [...scores.map((score) => score.value), column.chance].filter((v) => v !== null);
  const [low, high] = d3.extent(values);
  if (low === high) return () => 0.5;
  return (value) => column.higher_is_better ? (value - low) / (high - low)
    : (high - value) / (high - low);
}

/** Why the cells of a place have no result, or not all of them. */
function gapText(score) {
  const finished = score.finished < score.planned
    ? `${score.finished} of ${counted(score.planned, "cell")} finished` : "";
  const why = [score.state, score.reason].filter(Boolean).join(": ");
  return [finished, why].filter(Boolean).join("; ");
}

function standingText(score) {
  const from = score.from_best;
  const apart = from && from.delta !== null
    ? ` (${signed(from.delta)}, 95 % interval ${signed(from.low)} to ${signed(from.high)}, ` +
      `p ${pValue(from.p)})` : "";
  return {best: "best of its column", tied: `no supported difference from the best${apart}`,
    behind: `behind the best${apart}`, untested: "not tested against the best"}[score.standing] ?? "";
}

function tooltip(experiment, score) {
  const row = experiment.rows[score.row], column = experiment.columns[score.column];
  const parts = [`${shortened(row.label, 200)}, ${shortened(column.label, 200)}`];
  if (score.value !== null)
    parts.push(`${column.metric} ${number(score.value)}, n ${score.n}, ` +
      counted(score.seeds, "seed"), standingText(score));
  if (gapText(score)) parts.push(shortened(gapText(score), 600));
  return parts.filter(Boolean).join("; ");
}

/** The rows of the chart: encoders, then a gap, then controls and constant answers. */
function chartRows(experiment) {
  const rows = experiment.rows.map((row, index) => ({...row, index}));
  const controls = rows.filter((row) => row.control);
  const constants = ["majority", "chance"]
    .filter((name) => experiment.columns.some((column) => column[name] !== null))
    .map((name) => ({label: name, constant: name}));
  return {main: rows.filter((row) => !row.control), apart: [...controls, ...constants]};
}

function drawColumnLabels(svg, columns, {left, cell, top, tilted}) {
  columns.forEach((column, i) => {
    const x = left + (i + 0.5) * cell;
    if (!tilted) {
      label(svg, column.label, {x, y: top - 10, anchor: "middle", room: cell - 6});
      return;
    }
    const group = svg.append("g").attr("transform", `translate(${x + 4},${top - 8}) rotate(-40)`);
    label(group, column.label, {x: 0, y: 0, room: 150});
  });
}

function drawCell(group, {score, column, shade, x, y, width, height, stripes}) {
  const finished = score && score.value !== null;
  group.append("rect").attr("class", finished ? "cell" : "cell missing")
    .attr("x", x).attr("y", y).attr("width", width).attr("height", height)
    .style("--shade", finished ? `${Math.round(100 * shade(score.value))}%` : null);
  const gap = score && score.finished < score.planned;
  if (gap)
    group.append("rect").attr("fill", stripes).attr("x", finished ? x + width - 10 : x).attr("y", y)
      .attr("width", finished ? 10 : width).attr("height", height);
  const middle = x + width / 2;
  if (finished) {
    const sign = signs[score.standing] ?? "";
    const text = label(group, `${sign ? sign + " " : ""}${number(score.value)}`,
      {x: middle, y: y + 19, anchor: "middle", style: "figures", room: width - 4});
    if (score.standing === "best") text.attr("font-weight", 700);
    const n = score.n >= 10000 ? `${Math.round(score.n / 1000)}k` : score.n;
    const part = gap ? `, ${score.finished}/${score.planned} runs` : "";
    label(group, `n ${n}${part}`, {x: middle - (gap ? 5 : 0), y: y + 33, anchor: "middle", size: 10});
  } else if (score) {
    const state = score.state.split("; ")[0];
    const room = Math.min(width - 6, textWidth(state, 11) + 10);
    group.append("rect").attr("class", "plate").attr("x", middle - room / 2).attr("y", y + 11)
      .attr("width", room).attr("height", 18);
    label(group, state, {x: middle, y: y + 24, anchor: "middle", size: 11, room});
  } else if (column === null) {
    label(group, "–", {x: middle, y: y + 24, anchor: "middle", style: "muted"});
  }
}

function drawConstant(group, value, {x, y, width}) {
  label(group, number(value), {x: x + width / 2, y: y + 24, anchor: "middle", style: "muted figures"});
}

/** @returns the height */
function drawMap(svg, width, experiment, scoreAt) {
  const {columns} = experiment;
  const {main, apart} = chartRows(experiment);
  const narrow = width < 640;
  const widest = d3.max([...main, ...apart], (row) => textWidth(fitted(row.label, 220)));
  const left = narrow ? 0 : Math.min(230, widest + 16);
  const cell = Math.max(narrow ? 58 : 72, Math.min(150, (width - left) / columns.length));
  svg.attr("data-width", left + cell * columns.length);
  const tilted = columns.some((column) => textWidth(fitted(column.label, 400)) > cell - 6);
  const longest = d3.max(columns, (column) => textWidth(fitted(column.label, 150)));
  const top = tilted ? 24 + longest * Math.sin(40 * Math.PI / 180) : 28;
  const height = 40, space = narrow ? height + 22 : height + 2;
  const stripes = hatch(svg);
  drawColumnLabels(svg, columns, {left, cell, top, tilted});
  const shading = columns.map((column, c) => shades(column,
    experiment.rows.map((_, r) => scoreAt(r, c)).filter(Boolean)));

  let y = top;
  const drawRow = (row) => {
    const style = row.control || row.constant ? "muted" : "";
    if (narrow) label(svg, row.label, {x: 2, y: y + 14, room: width - 4, style});
    else label(svg, row.label, {x: 0, y: y + 24, room: left - 10, style});
    const cellTop = narrow ? y + 20 : y;
    columns.forEach((column, c) => {
      const place = {x: left + c * cell + 1, y: cellTop, width: cell - 2, height};
      const group = svg.append("g");
      if (row.constant) {
        drawConstant(group, column[row.constant], place);
        return;
      }
      const score = scoreAt(row.index, c);
      if (score) group.append("title").text(tooltip(experiment, score));
      drawCell(group, {score, column: score ? column : null, shade: shading[c], stripes, ...place});
    });
    y += space;
  };
  main.forEach(drawRow);
  if (main.length > 0 && apart.length > 0) {
    svg.append("line").attr("class", "zero").attr("x1", 0).attr("y1", y + 6)
      .attr("x2", left + cell * columns.length).attr("y2", y + 6);
    label(svg, "controls", {x: 0, y: y + 22, size: 11, style: "heading"});
    y += 30;
  }
  apart.forEach(drawRow);
  return y + 8;
}

function tableColumns({rows, columns}) {
  return [
    {name: "encoder", value: (s) => rows[s.row].label},
    {name: "task", value: (s) => columns[s.column].label},
    {name: "metric", value: (s) => columns[s.column].metric},
    {name: "unit", value: (s) => columns[s.column].unit},
    {name: "value", value: (s) => s.value, show: (s) => number(s.value)},
    {name: "lowest_run", value: (s) => s.lowest, show: (s) => number(s.lowest)},
    {name: "highest_run", value: (s) => s.highest, show: (s) => number(s.highest)},
    {name: "interval_low", value: (s) => s.low, show: (s) => number(s.low)},
    {name: "interval_high", value: (s) => s.high, show: (s) => number(s.high)},
    {name: "n", value: (s) => s.n},
    {name: "seeds", value: (s) => s.seeds},
    {name: "folds", value: (s) => s.folds},
    {name: "finished", value: (s) => s.finished},
    {name: "planned", value: (s) => s.planned},
    {name: "standing", value: (s) => s.standing, show: (s) => standingText(s)},
    {name: "from_best", value: (s) => s.from_best?.delta ?? null,
      show: (s) => signed(s.from_best?.delta)},
    {name: "p", value: (s) => s.from_best?.p ?? null, show: (s) => pValue(s.from_best?.p)},
    {name: "control", value: (s) => rows[s.row].control},
    {name: "missing", value: gapText},
  ];
}

/** What is not finished and why, for those who cannot hover. */
function gapList({rows, columns, scores}) {
  const gaps = scores.filter((score) => score.finished < score.planned);
  if (gaps.length === 0) return null;
  const most = 30;
  return element("details", {open: ""},
    element("summary", {}, `Not finished: ${counted(gaps.length, "place")}`),
    element("ul", {}, gaps.slice(0, most).map((score) => element("li", {},
      element("strong", {}, `${shown(rows[score.row].label)}, ${shown(columns[score.column].label)}`),
      ": " + shortened(gapText(score), 400)))),
    gaps.length > most ? element("p", {class: "note"},
      `and ${quantity(gaps.length - most)} more, in the table above`) : null);
}

export function scoresSection(experiment) {
  if (experiment.scores.length === 0) return [];
  const places = new Map(experiment.scores.map((s) => [`${s.row} ${s.column}`, s]));
  const scoreAt = (row, column) => places.get(`${row} ${column}`);
  return [figure({
    title: "Scores of each encoder in each task",
    about: "The primary metric of the task, mean over seeds and folds, with the number of test items. " +
      "★ best of its column; ≈ no supported difference from the best (paired, 95 % interval, " +
      "adjusted p); ? not tested; no sign: behind the best. Shade: from the worst to the best of the " +
      "column. Hatched: not finished. Controls stand below the line.",
    draw: (svg, width) => drawMap(svg, width, experiment, scoreAt),
    numbers: () => ({columns: tableColumns(experiment), rows: experiment.scores}),
  }), gapList(experiment), radarFigure(experiment)].filter(Boolean);
}
