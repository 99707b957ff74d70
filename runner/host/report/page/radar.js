/* global d3 */
import {dashes, fitted, label, series, textWidth} from "./chart.js";
import {figure} from "./figure.js";
import {number, shortened} from "./text.js";

// The profile of each encoder over the tasks. A radar shows areas that mean nothing, so that it never
// stands without its table.

const fewest = 3;  // tasks that span an area

/** The columns whose scores are shares, which one scale can show. */
function comparable({columns, scores}) {
  return columns.map((column, index) => ({...column, index})).filter(({index, unit, higher_is_better}) => {
    const values = scores.filter((s) => s.column === index && s.value !== null).map((s) => s.value);
    return unit === "" && higher_is_better && values.length > 0 && values.every((v) => v >= 0 && v <= 1);
  });
}

function drawGrid(svg, {columns, radius, point, centre}) {
  for (const share of [0.25, 0.5, 0.75, 1]) {
    svg.append("circle").attr("class", "ring").attr("cx", centre.x).attr("cy", centre.y)
      .attr("r", radius * share);
    if (share < 1) label(svg, String(share), {x: centre.x + 3, y: centre.y - radius * share - 2, size: 10, style: "muted"});
  }
  columns.forEach((column, i) => {
    const end = point(i, 1), outside = point(i, 1 + 14 / radius);
    svg.append("line").attr("class", "ring").attr("x1", centre.x).attr("y1", centre.y)
      .attr("x2", end.x).attr("y2", end.y);
    const side = outside.x - centre.x;
    label(svg, column.label, {x: outside.x, y: outside.y + 4, size: 11, room: 110,
      anchor: Math.abs(side) < 8 ? "middle" : side > 0 ? "start" : "end"});
  });
}

function drawRadar(svg, width, {columns, rows, valueAt}) {
  const radius = Math.max(70, Math.min(150, width / 2 - 110));
  const centre = {x: Math.min(width / 2, radius + 120), y: radius + 34};
  const point = (i, share) => {
    const angle = 2 * Math.PI * i / columns.length - Math.PI / 2;
    return {x: centre.x + radius * share * Math.cos(angle), y: centre.y + radius * share * Math.sin(angle)};
  };
  drawGrid(svg, {columns, radius, point, centre});
  const outline = d3.line().x((p) => p.x).y((p) => p.y).curve(d3.curveLinearClosed);
  let y = 2 * radius + 84, x = 0;
  rows.forEach((row, i) => {
    const corners = columns.map((column, c) => point(c, valueAt(row.index, column.index) ?? 0));
    svg.append("path").attr("class", `curve series-${i}`).attr("stroke-dasharray", dashes[i])
      .attr("d", outline(corners)).append("title").text(shortened(row.label, 200));
    const text = fitted(row.label, 160, 11), room = textWidth(text, 11) + 52;
    if (x > 0 && x + room > width) {
      x = 0;
      y += 18;
    }
    svg.append("line").attr("class", `curve series-${i}`).attr("stroke-dasharray", dashes[i])
      .attr("x1", x).attr("x2", x + 28).attr("y1", y - 4).attr("y2", y - 4);
    label(svg, text, {x: x + 34, y, size: 11});
    x += room;
  });
  return y + 12;
}

export function radarFigure(experiment) {
  const columns = comparable(experiment);
  const values = new Map(experiment.scores.map((s) => [`${s.row} ${s.column}`, s.value]));
  const valueAt = (row, column) => values.get(`${row} ${column}`) ?? null;
  const complete = experiment.rows.map((row, index) => ({...row, index})).filter((row) =>
    !row.control && columns.every((column) => valueAt(row.index, column.index) !== null));
  if (columns.length < fewest || complete.length === 0) return null;
  const rows = complete.slice(0, series);
  return figure({
    title: "Profile over the tasks",
    about: "Scores from 0 in the centre to 1, with their table: the order of the tasks decides the area, " +
      "which means nothing." + (rows.length < complete.length
      ? ` The first ${rows.length} of ${complete.length} encoders.` : ""),
    open: true,
    draw: (svg, width) => drawRadar(svg, width, {columns, rows, valueAt}),
    numbers: () => ({
      columns: [{name: "encoder", value: (row) => row.label},
        ...columns.map((column) => ({name: column.label, value: (row) => valueAt(row.index, column.index),
          show: (row) => number(valueAt(row.index, column.index))}))],
      rows: complete,
    }),
  });
}
