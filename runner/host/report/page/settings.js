import {choice} from "./dom.js";
import {figure} from "./figure.js";
import {drawLinePanels} from "./lines.js";
import {unique} from "./lists.js";
import {number, quantity, shortened} from "./text.js";

// How scores depend on a number that the experiment varies: the level of a codec, a layer, the size of
// the training set.

/** Axes with at least two values, all of which are numbers. */
function numericAxes(experiment) {
  const places = [...experiment.rows, ...experiment.columns];
  return unique(places.flatMap((place) => Object.keys(place.axes))).filter((axis) => {
    const values = unique(places.map((place) => place.axes[axis]).filter((v) => v !== undefined));
    return values.length > 1 && values.every((v) => v.trim() !== "" && Number.isFinite(Number(v)));
  });
}

/** What distinguishes a row or column from the others apart from one axis: "mimi", "room task.lr=0.1". */
function nameWithout(places, place, axis) {
  const others = Object.keys(place.axes).filter((name) => name !== axis &&
    unique(places.map((other) => other.axes[name])).length > 1);
  const parts = others.map((name) => name.includes(".") ? `${name}=${place.axes[name]}` : place.axes[name]);
  return parts.join(" ") || place.axes.encoder || place.axes.task || place.label;
}

function pointsAlong({rows, columns, scores}, axis) {
  return scores.filter((s) => s.value !== null).map((score) => {
    const row = rows[score.row], column = columns[score.column];
    const setting = row.axes[axis] ?? column.axes[axis];
    return {score, column, setting: setting === undefined ? null : Number(setting),
      name: nameWithout(rows, row, axis), panel: nameWithout(columns, column, axis)};
  }).filter((point) => point.setting !== null);
}

function linesOf(points) {
  const lines = new Map();
  for (const {score, setting, name, panel} of points) {
    const key = JSON.stringify([name, panel]);
    if (!lines.has(key)) lines.set(key, {name, panel, points: [], about: shortened(`${name}, ${panel}`, 200)});
    lines.get(key).points.push([setting, score.value]);
  }
  for (const line of lines.values()) line.points.sort((a, b) => a[0] - b[0]);
  return [...lines.values()];
}

export function settingsSection(experiment) {
  const axes = numericAxes(experiment).filter((axis) =>
    linesOf(pointsAlong(experiment, axis)).some((line) => line.points.length > 1));
  if (axes.length === 0) return [];
  let chosen = axes[0];
  const made = figure({
    title: "Scores by setting",
    about: "The primary metric against a number that the experiment varies, mean over seeds and folds. A " +
      "line for each encoder, told apart by its dashes.",
    choices: axes.length > 1 ? [choice("Along", axes, (index) => {
      chosen = axes[index];
      made.redraw();
    })] : [],
    draw: (svg, width) => drawLinePanels(svg, width, linesOf(pointsAlong(experiment, chosen)),
      {marks: true, xRatio: 8}),
    numbers: () => ({
      columns: [
        {name: "encoder", value: (p) => p.name},
        {name: "task", value: (p) => p.panel},
        {name: chosen, value: (p) => p.setting, show: (p) => quantity(p.setting)},
        {name: "metric", value: (p) => p.column.metric},
        {name: "value", value: (p) => p.score.value, show: (p) => number(p.score.value)},
        {name: "lowest_run", value: (p) => p.score.lowest, show: (p) => number(p.score.lowest)},
        {name: "highest_run", value: (p) => p.score.highest, show: (p) => number(p.score.highest)},
        {name: "n", value: (p) => p.score.n},
        {name: "seeds", value: (p) => p.score.seeds},
      ],
      rows: pointsAlong(experiment, chosen),
    }),
  });
  return [made];
}
