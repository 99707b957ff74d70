/* global d3 */
import {drawNothing, fitted, label, textWidth} from "./chart.js";
import {choice, element} from "./dom.js";
import {figure} from "./figure.js";
import {unique} from "./lists.js";
import {number, quantity, shortened} from "./text.js";

// What was said where something else was right.

const other = "all other classes", nothing = "no answer";

function namesOf(table) {
  const names = table.classes.map((name) => name === "" ? nothing : name);
  return table.others > 0 ? [...names, other] : names;
}

/** Rows for the table of numbers: a right class, what was said, how often. */
function countsOf(table) {
  const names = namesOf(table);
  const sums = d3.rollup(table.counts, (counts) => d3.sum(counts, ([, , n]) => n), ([truth]) => truth);
  return table.counts.map(([truth, said, count]) => ({truth: names[truth], said: names[said], count,
    share: count / sums.get(truth), right: truth === said && names[truth] !== other,
    places: [truth, said]}));
}

function drawConfusion(svg, width, table) {
  if (!table) return drawNothing(svg, "There are no counts for this encoder in this task.");
  const names = namesOf(table);
  const widest = d3.max(names, (name) => textWidth(fitted(name, 130, 11), 11));
  const left = Math.min(width * 0.36, widest + 14), top = 34 + widest * Math.sin(50 * Math.PI / 180);
  const cell = Math.max(24, Math.min(52, (width - left - 40) / names.length));
  svg.attr("data-width", left + names.length * cell + 40);
  label(svg, "right ↓  said →", {x: 0, y: 12, size: 11, style: "muted"});
  names.forEach((name, i) => {
    label(svg, name, {x: left - 6, y: top + (i + 0.5) * cell + 4, anchor: "end", size: 11, room: left - 8});
    const group = svg.append("g").attr("transform", `translate(${left + (i + 0.6) * cell},${top - 6}) rotate(-50)`);
    label(group, name, {x: 0, y: 0, size: 11, room: 130});
  });
  names.forEach((_, i) => names.forEach((_other, j) =>
    svg.append("rect").attr("class", "cell missing").attr("x", left + j * cell).attr("y", top + i * cell)
      .attr("width", cell - 1).attr("height", cell - 1)));
  for (const {truth, said, count, share, right, places: [i, j]} of countsOf(table)) {
    const group = svg.append("g");
    group.append("title").text(`${shortened(truth, 200)} taken for ${shortened(said, 200)}: ` +
      `${count} (${number(share)} of ${shortened(truth, 60)})`);
    group.append("rect").attr("class", right ? "cell right" : "cell").attr("x", left + j * cell + (right ? 1 : 0))
      .attr("y", top + i * cell + (right ? 1 : 0)).attr("width", cell - (right ? 3 : 1))
      .attr("height", cell - (right ? 3 : 1)).style("--shade", `${Math.round(100 * share)}%`);
    label(group, String(count), {x: left + (j + 0.5) * cell - 0.5, y: top + (i + 0.5) * cell + 4, anchor: "middle",
      size: count < 1000 ? 11 : 9, style: "figures"});
  }
  return top + names.length * cell + 8;
}

export function confusionFigure(experiment) {
  const {confusions, rows, columns} = experiment;
  if (confusions.length === 0) return null;
  const usedColumns = unique(confusions.map((t) => t.column)).sort((a, b) => a - b);
  const usedRows = unique(confusions.map((t) => t.row)).sort((a, b) =>
    Boolean(rows[a].control) - Boolean(rows[b].control) || a - b);
  const now = {column: usedColumns[0], row: usedRows[0]};
  const table = () => confusions.find((t) => t.column === now.column && t.row === now.row);
  const change = (key, values) => (index) => {
    now[key] = values[index];
    made.redraw();
  };
  const seeds = unique(confusions.map((t) => t.seed)).sort((a, b) => a - b);
  const made = figure({
    title: "Confusion table",
    about: "How often each class was taken for each other, among its items; shade: share of the row, framed: " +
      `right. Each item counts once, from ${seeds.length === 1 ? `seed ${seeds[0]}` : "the first seed that is finished"}.`,
    choices: [
      choice("Task", usedColumns.map((c) => columns[c].label), change("column", usedColumns)),
      choice("Encoder", usedRows.map((r) => rows[r].label), change("row", usedRows)),
    ],
    draw: (svg, width) => drawConfusion(svg, width, table()),
    numbers: () => ({
      columns: [
        {name: "encoder", value: () => rows[now.row].label},
        {name: "task", value: () => columns[now.column].label},
        {name: "seed", value: () => table().seed},
        {name: "right", value: (c) => c.truth},
        {name: "said", value: (c) => c.said},
        {name: "count", value: (c) => c.count},
        {name: "share_of_right", value: (c) => c.share, show: (c) => number(c.share)},
      ],
      rows: table() ? countsOf(table()) : [],
    }),
  });
  const most = Math.max(...confusions.map((t) => t.others));
  if (most > 0)
    made.querySelector("figcaption").append(element("p", {},
      `Rare classes, at most ${quantity(most)} of a table, are counted together.`));
  return made;
}
