/* global d3 */
import {drawNothing, label, symbolPath, xAxis, yAxis} from "./chart.js";
import {choice, element} from "./dom.js";
import {figure} from "./figure.js";
import {unique} from "./lists.js";
import {number, pValue, shortened, shown, signed} from "./text.js";
import {dataTable} from "./table.js";

// Whether the encoder that a probe prefers is the one that answers questions better.

const kinds = {
  slice: "slices that probes and questions share",
  name: "categories called like a probe",
  dataset: "datasets",
};

const shapes = [d3.symbolCircle, d3.symbolSquare, d3.symbolTriangle, d3.symbolDiamond,
  d3.symbolCross, d3.symbolStar, d3.symbolWye];

/** A difference in the direction of improvement: estimate and ends of the interval. */
function gain(d) {
  if (d.higher_is_better) return {at: d.delta, low: d.low, high: d.high};
  const turned = (value) => value === null ? null : -value;
  return {at: turned(d.delta), low: turned(d.high), high: turned(d.low)};
}

/** Removes "category " from all labels if all begin with it. */
function shortNames(gaps) {
  const heads = unique(gaps.map((gap) => gap.label.split(" ")[0]));
  const cut = heads.length === 1 && gaps.every((gap) => gap.label.length > heads[0].length + 1);
  return (gap) => cut ? gap.label.slice(heads[0].length + 1) : gap.label;
}

function drawDot(svg, gap, i, x, y) {
  const probe = gain(gap.probe_gap), question = gain(gap.question_gap);
  const group = svg.append("g");
  group.append("title").text(`${shortened(gap.label, 200)}: ${shown(gap.candidate)} minus ` +
    `${shown(gap.base)}; probe ${signed(probe.at)} [${signed(probe.low)}, ${signed(probe.high)}], ` +
    `questions ${signed(question.at)} [${signed(question.low)}, ${signed(question.high)}]`);
  const line = (x1, y1, x2, y2) => group.append("line").attr("class", `curve series-${i}`)
    .attr("x1", x1).attr("y1", y1).attr("x2", x2).attr("y2", y2);
  if (probe.low !== null) line(x(probe.low), y(question.at), x(probe.high), y(question.at));
  if (question.low !== null) line(x(probe.at), y(question.low), x(probe.at), y(question.high));
  group.append("path").attr("class", `mark series-${i}`)
    .attr("d", symbolPath(shapes[i % shapes.length], 60))
    .attr("transform", `translate(${x(probe.at)},${y(question.at)})`);
  return {x: x(probe.at), y: y(question.at)};
}

/** Names of dots, without those that would cover one before. */
function nameDots(svg, dots, width) {
  const taken = [];
  for (const dot of dots) {
    const right = dot.x < width * 0.7;
    const box = {from: right ? dot.x + 8 : dot.x - 138, top: dot.y - 6};
    if (taken.some((other) => Math.abs(other.top - box.top) < 12 && Math.abs(other.from - box.from) < 130))
      continue;
    taken.push(box);
    label(svg.append("g").attr("class", "halo"), dot.text,
      {x: right ? dot.x + 8 : dot.x - 8, y: dot.y - 5, anchor: right ? "start" : "end", size: 11, room: 130});
  }
}

function drawGaps(svg, width, gaps) {
  if (gaps.length === 0) return drawNothing(svg, "Nothing belongs together here.");
  const names = unique(gaps.map((gap) => gap.candidate));
  let top = 4;
  names.slice(0, 12).forEach((name, i) => {
    const y = top + 12;
    svg.append("path").attr("class", `mark series-${i}`).attr("d", symbolPath(shapes[i % shapes.length], 60))
      .attr("transform", `translate(8,${y - 4})`);
    label(svg, `${shown(name)} minus ${shown(gaps[0].base)}`, {x: 20, y, size: 11, room: width - 24});
    top += 18;
  });
  top += 24;
  const left = 56, right = width - 16, bottom = top + Math.min(380, Math.max(240, width * 0.6));
  const scale = (values, range) => {
    const [low, high] = d3.extent([...values.filter((v) => v !== null), 0]);
    const pad = (high - low || 0.1) * 0.08;
    return d3.scaleLinear().domain([low - pad, high + pad]).range(range);
  };
  const ends = (side) => gaps.flatMap((gap) => Object.values(gain(gap[side])));
  const x = scale(ends("probe_gap"), [left, right]), y = scale(ends("question_gap"), [bottom, top]);
  xAxis(svg, x, {top, bottom, ticks: width < 500 ? 4 : 7, name: "gap by probes"});
  yAxis(svg, y, {left, right, name: "gap by questions"});
  svg.append("line").attr("class", "zero").attr("x1", x(0)).attr("x2", x(0)).attr("y1", top).attr("y2", bottom);
  svg.append("line").attr("class", "zero").attr("x1", left).attr("x2", right).attr("y1", y(0)).attr("y2", y(0));
  const nameOf = shortNames(gaps);
  const dots = gaps.map((gap) => ({...drawDot(svg, gap, names.indexOf(gap.candidate), x, y), text: nameOf(gap)}));
  nameDots(svg, dots, width);
  return bottom + 44;
}

const correlationColumns = [
  {name: "questions", value: (c) => c.question},
  {name: "candidate", value: (c) => c.candidate},
  {name: "dots", value: (c) => c.dots},
  {name: "rank_correlation", value: (c) => c.rho, show: (c) => c.rho === null ? c.note : number(c.rho)},
  {name: "p", value: (c) => c.p, show: (c) => pValue(c.p)},
];

const side = (name) => [
  {name: `${name}_metric`, value: (g) => g[`${name}_gap`].metric},
  {name: `${name}_gap`, value: (g) => g[`${name}_gap`].delta, show: (g) => signed(g[`${name}_gap`].delta)},
  {name: `${name}_low`, value: (g) => g[`${name}_gap`].low, show: (g) => signed(g[`${name}_gap`].low)},
  {name: `${name}_high`, value: (g) => g[`${name}_gap`].high, show: (g) => signed(g[`${name}_gap`].high)},
  {name: `${name}_items`, value: (g) => g[`${name}_gap`].items},
  {name: `${name}_note`, value: (g) => g[`${name}_gap`].note},
];

export function gapsSection(experiment) {
  const {gaps, correlations} = experiment;
  if (gaps.length === 0) return [];
  const matched = Object.keys(kinds).filter((kind) => gaps.some((gap) => gap.matched === kind));
  const questions = unique(gaps.map((gap) => gap.question));
  const now = {matched: matched[0], question: questions[0]};
  const chosen = (list) => list.filter((one) => one.matched === now.matched && one.question === now.question);
  const table = element("div");
  const change = (key, values) => (index) => {
    now[key] = values[index];
    made.redraw();
  };
  const made = figure({
    title: "Probe gap against question gap",
    about: "How much better or worse each encoder is than the base, by probes (across) and by questions to a " +
      "language model (up), with 95 % intervals; to the right and up is better. Where both agree, dots are " +
      "to the upper right or the lower left. The correlation is Spearman's, its p that of dots which have nothing to do with each other, " +
      "though dots of the same items do.",
    choices: [
      ...(matched.length > 1 ? [choice("Dots", matched.map((kind) => kinds[kind]), change("matched", matched))] : []),
      ...(questions.length > 1 ? [choice("Questions", questions, change("question", questions))] : []),
    ],
    draw: (svg, width) => {
      table.replaceChildren(dataTable(`Rank correlation: ${kinds[now.matched]}`, correlationColumns, chosen(correlations)));
      return drawGaps(svg, width, chosen(gaps));
    },
    numbers: () => ({
      columns: [
        {name: "candidate", value: (g) => g.candidate},
        {name: "base", value: (g) => g.base},
        {name: "questions", value: (g) => g.question},
        {name: "probe", value: (g) => g.probe},
        {name: "matched_by", value: (g) => g.matched},
        {name: "dot", value: (g) => g.label},
        ...side("probe"), ...side("question"),
      ],
      rows: chosen(gaps),
    }),
  });
  return [made, table];
}
