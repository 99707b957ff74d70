import {choice, element} from "./dom.js";
import {figure} from "./figure.js";
import {drawLinePanels} from "./lines.js";
import {unique} from "./lists.js";
import {samplesPart} from "./samples.js";
import {number, shortened} from "./text.js";

// How trainings went: one small chart for each task, a line for each encoder and seed.

/** Losses first, then other curves of a training, then choices such as that of a penalty. */
function rank(name) {
  if (name === "loss") return 0;
  if (name.includes("loss")) return 1;
  return name.includes("validation") ? 2 : 3;
}

function lineOf(curve) {
  return {name: curve.row, panel: curve.column, points: curve.points,
    about: `${shortened(curve.row, 100)}, seed ${curve.seed}: ${curve.state}`};
}

function curveParts({curves}) {
  if (curves.length === 0) return [];
  const names = unique(curves.map((c) => c.name)).sort((a, b) => rank(a) - rank(b));
  let chosen = names[0];
  const shownCurves = () => curves.filter((c) => c.name === chosen);
  const change = (index) => {
    chosen = names[index];
    made.redraw();
  };
  const points = () => shownCurves().flatMap((curve) =>
    curve.points.map(([step, value]) => ({curve, step, value})));
  const made = figure({
    title: "Learning curves",
    about: "A line for each encoder and seed, told apart by its dashes; ✗ marks steps whose value was " +
      "not finite.",
    choices: names.length > 1 ? [choice("Curve", names, change)] : [],
    draw: (svg, width) => drawLinePanels(svg, width, shownCurves().map(lineOf)),
    numbers: () => ({
      columns: [
        {name: "encoder", value: (p) => p.curve.row},
        {name: "task", value: (p) => p.curve.column},
        {name: "seed", value: (p) => p.curve.seed},
        {name: "fold", value: (p) => p.curve.fold},
        {name: "state", value: (p) => p.curve.state},
        {name: "curve", value: (p) => p.curve.name},
        {name: "step", value: (p) => p.step},
        {name: "value", value: (p) => p.value, show: (p) => number(p.value)},
      ],
      rows: points(),
    }),
  });
  const thinned = curves.filter((c) => c.points.length < c.recorded).length;
  return [made, thinned > 0 ? element("p", {class: "note"},
    `${thinned} of ${curves.length} curves are thinned; the results file has all points.`) : null]
    .filter(Boolean);
}

export function curvesSection(experiment) {
  return [...curveParts(experiment), ...samplesPart(experiment)];
}
