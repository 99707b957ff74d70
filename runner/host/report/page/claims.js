/* global d3 */
import {fitted, label, symbolPath, xAxis} from "./chart.js";
import {choice, element} from "./dom.js";
import {figure} from "./figure.js";
import {unique} from "./lists.js";
import {counted, number, pValue, quantity, shown, signed} from "./text.js";

// The answer first: what was claimed, what the verdict is, and the differences that it rests on.

const verdictSigns = {supported: "✓", contradicted: "✗", undecided: "?", "not testable": "∅",
  saturated: "⤒"};

const roleNames = {whole: "The claim", part: "Each of these must hold", averaged: "Enter the mean",
  control: "Controls", line: ""};

const differenceColumns = [
  {name: "what", value: (d) => d.label},
  {name: "role", value: (d) => d.role},
  {name: "candidate", value: (d) => d.candidate},
  {name: "base", value: (d) => d.base},
  {name: "metric", value: (d) => d.metric},
  {name: "candidate_value", value: (d) => d.candidate_value, show: (d) => number(d.candidate_value)},
  {name: "base_value", value: (d) => d.base_value, show: (d) => number(d.base_value)},
  {name: "difference", value: (d) => d.delta, show: (d) => signed(d.delta)},
  {name: "low", value: (d) => d.low, show: (d) => signed(d.low)},
  {name: "high", value: (d) => d.high, show: (d) => signed(d.high)},
  {name: "p", value: (d) => d.p, show: (d) => pValue(d.p)},
  {name: "items", value: (d) => d.items},
  {name: "groups", value: (d) => d.groups},
  {name: "seeds", value: (d) => d.seeds},
  {name: "missing_pairs", value: (d) => d.missing},
  {name: "note", value: (d) => d.note},
];

function intervalText(d) {
  if (d.delta === null) return d.note || "no difference";
  if (d.low === null) return `${signed(d.delta)}, no interval`;
  return `${signed(d.delta)} [${signed(d.low)}, ${signed(d.high)}]`;
}

function basisText(d) {
  return `${quantity(d.items)} items, ${quantity(d.groups)} groups, ${counted(d.seeds, "seed")}`;
}

/** Rows with the heading that comes before the first of each group, and with the texts beside them. */
function withHeadings(rows, groupOf, textOf = (row) => row.label) {
  const all = [];
  let last = "";
  for (const row of rows) {
    const group = groupOf(row);
    if (group !== last && group !== "") all.push({heading: group});
    last = group;
    all.push({row, text: textOf(row)});
  }
  return all;
}

/** The mark of an estimate: its shape tells its role. */
function drawMark(parent, d, x, y) {
  const style = `mark ${d.role}${d.low === null ? " bare" : ""}`;
  const shape = d.role === "whole" ? d3.symbolDiamond
    : d.role === "averaged" ? d3.symbolCircle : d3.symbolSquare;
  parent.append("path").attr("class", style).attr("transform", `translate(${x},${y})`)
    .attr("d", symbolPath(shape, d.role === "whole" ? 130 : 60));
}

function drawInterval(parent, d, x, y) {
  if (d.delta === null) return;
  if (d.low !== null) {
    parent.append("line").attr("class", `interval ${d.role}`)
      .attr("x1", x(d.low)).attr("x2", x(d.high)).attr("y1", y).attr("y2", y);
    for (const end of [d.low, d.high])
      parent.append("line").attr("class", `interval ${d.role}`)
        .attr("x1", x(end)).attr("x2", x(end)).attr("y1", y - 4).attr("y2", y + 4);
  }
  drawMark(parent, d, x(d.delta), y);
}

/** Which side of zero is better for whom. */
function drawDirections(svg, x, y, width, {base, candidate, higherIsBetter}) {
  const [left, right] = higherIsBetter ? [base, candidate] : [candidate, base];
  const zero = x(0);
  label(svg, `← ${shown(left)} better`,
    {x: zero - 8, y, anchor: "end", size: 11, style: "muted", room: zero - 8});
  label(svg, `${shown(right)} better →`,
    {x: zero + 8, y, size: 11, style: "muted", room: width - zero - 8});
}

/** Differences with intervals, one below the other. @returns the height */
function drawForest(svg, width, entries, sides) {
  const narrow = width < 640;
  const rowHeight = narrow ? 50 : 26, headingHeight = 28, top = 26;
  const left = narrow ? 12 : Math.min(240, width * 0.26), right = width - (narrow ? 12 : 400);
  const values = entries.flatMap(({row}) => row ? [row.low, row.high, row.delta] : [])
    .filter((value) => value !== null);
  const margin = sides.margin ?? 0;
  const [low, high] = d3.extent([...values, 0, margin, -margin]);
  const pad = (high - low || 1) * 0.06;
  const x = d3.scaleLinear().domain([low - pad, high + pad]).range([left, right]);
  const bottom = top + d3.sum(entries, (entry) => entry.row ? rowHeight : headingHeight) + 6;

  xAxis(svg, x, {top, bottom, ticks: narrow ? 4 : 6, name: sides.axisName});
  svg.append("line").attr("class", "zero").attr("x1", x(0)).attr("x2", x(0))
    .attr("y1", top).attr("y2", bottom);
  if (margin > 0)
    for (const bound of [-margin, margin])
      svg.append("line").attr("class", "margin").attr("x1", x(bound)).attr("x2", x(bound))
        .attr("y1", top).attr("y2", bottom).append("title").text(`margin ${bound}`);
  if (sides.candidate) drawDirections(svg, x, 14, narrow ? width : right, sides);

  let y = top;
  for (const {heading, row, text} of entries) {
    if (heading) {
      label(svg, heading, {x: narrow ? 12 : 0, y: y + 20, style: "heading", room: width - 20});
      y += headingHeight;
      continue;
    }
    const group = svg.append("g").attr("class", `row halo ${row.role}`);
    group.append("title").text(`${shown(row.label)}: ${shown(intervalText(row))}; p ` +
      `${pValue(row.p)}; ${basisText(row)}${row.note ? "; " + shown(row.note) : ""}`);
    const star = row.role === "line" && row.significant ? " *" : "";
    if (narrow) {
      const room = width - 24;
      label(group, text, {x: 12, y: y + 15, room: room * 0.42});
      label(group, intervalText(row) + star, {x: width - 12, y: y + 15, anchor: "end", size: 11, style: "figures",
        room: room * 0.56});
      drawInterval(group, row, x, y + 32);
    } else {
      label(group, text, {x: 0, y: y + 17, room: left - 12});
      drawInterval(group, row, x, y + 13);
      label(group, fitted(intervalText(row) + star, 200), {x: right + 16, y: y + 17, style: "figures"});
      label(group, row.p === null ? "" : pValue(row.p), {x: right + 222, y: y + 17, style: "figures"});
      label(group, `${row.items}/${row.groups}/${row.seeds}`,
        {x: width - 2, y: y + 17, anchor: "end", size: 11, style: "muted figures"});
    }
    y += rowHeight;
  }
  if (!narrow) {
    label(svg, "difference [95 % interval]", {x: right + 16, y: 14, size: 11, style: "muted"});
    label(svg, "p", {x: right + 222, y: 14, size: 11, style: "muted"});
    label(svg, "items/groups/seeds", {x: width - 2, y: 14, anchor: "end", size: 11, style: "muted"});
  }
  return bottom + 42;
}

function claimFigure(claim) {
  const entries = withHeadings(claim.differences, (d) =>
    claim.differences.every((other) => other.role === d.role) ? "" : roleNames[d.role]);
  const first = claim.differences[0];
  const names = unique(claim.differences.map((d) => d.metric));
  const marks = [
    claim.differences.some((d) => d.role === "whole") && "Diamond: what the claim is about.",
    claim.differences.some((d) => d.role === "part") && "Filled squares: each must hold by itself.",
    claim.differences.some((d) => d.role === "averaged") && "Circles: what the mean is taken over.",
    claim.differences.some((d) => d.role === "control") && "Hollow grey squares, dashed: controls.",
    claim.margin > 0 && `Dashed lines: the margin of ${claim.margin}.`,
  ].filter(Boolean);
  return figure({
    title: `Differences behind “${claim.name}”`,
    about: `${claim.candidate} minus ${claim.base} with 95 % intervals, paired by item. ` +
      marks.join(" "),
    draw: (svg, width) => drawForest(svg, width, entries, {
      base: claim.base, candidate: claim.candidate, margin: claim.margin,
      higherIsBetter: first.higher_is_better,
      axisName: `difference in ${names.join(", ")}${first.unit ? ` (${first.unit})` : ""}`}),
    numbers: () => ({columns: differenceColumns, rows: claim.differences}),
  });
}

function claimArticle(claim) {
  const style = claim.verdict.replaceAll(" ", "-");
  return element("article", {class: `claim ${style}`},
    element("h3", {}, claim.name),
    element("p", {class: "verdict"},
      element("span", {class: "sign", "aria-hidden": "true"}, verdictSigns[claim.verdict] ?? "?"),
      element("strong", {}, claim.verdict), " ", element("code", {}, claim.claim)),
    element("p", {class: "sentence"}, claim.sentence),
    claimFigure(claim));
}

const mostLines = 120;  // in one chart

/** All values of the compared axis with its base: exploratory, unlike the claims. */
function comparisonFigure({axis, base, lines}) {
  const candidates = unique(lines.map((line) => line.candidate));
  let chosen = lines.length <= mostLines ? lines
    : lines.filter((line) => line.candidate === candidates[0]);
  const choose = (index) => {
    chosen = index === 0 ? lines.slice(0, mostLines)
      : lines.filter((line) => line.candidate === candidates[index - 1]).slice(0, mostLines);
    made.redraw();
  };
  const options = [`all (at most ${mostLines} lines)`, ...candidates];
  const choices = candidates.length > 1 ? [choice("Show", options, choose)] : [];
  const made = figure({
    title: `Everything against ${base}`,
    about: `Exploratory: each ${axis} minus ${base}, under each condition. * marks intervals ` +
      "without 0 whose p, adjusted over all lines (Benjamini-Hochberg), is below 0.05.",
    choices,
    draw: (svg, width) => drawForest(svg, width,
      candidates.length === 1 ? withHeadings(chosen, () => "")
        : withHeadings(chosen, (line) => line.label, (line) => line.candidate),
      {axisName: `difference from ${shown(base)}`}),
    numbers: () => ({columns: differenceColumns, rows: lines}),
  });
  if (lines.length > mostLines && choices.length > 0)
    choices[0].querySelector("select").selectedIndex = 1;
  return made;
}

export function claimsSection(experiment) {
  const {claims, comparison} = experiment;
  const parts = claims.map(claimArticle);
  if (claims.length === 0 && comparison.lines.length > 0)
    parts.push(element("p", {class: "note"},
      "The experiment's file declares no hypothesis, so that nothing here is confirmatory."));
  if (comparison.lines.length > 0) parts.push(comparisonFigure(comparison));
  if (comparison.remarks.length > 0)
    parts.push(element("ul", {class: "remarks"},
      comparison.remarks.map((remark) => element("li", {}, remark))));
  return parts;
}
