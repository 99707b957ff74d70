import {confusionFigure} from "./confusion.js";
import {disagreementsPart} from "./disagreements.js";

/** What was said about single items. */
export function answersSection(experiment, data) {
  return [confusionFigure(experiment), ...disagreementsPart(data, data.experiments.indexOf(experiment))].filter(Boolean);
}
