import {choice, element} from "./dom.js";
import {grouped} from "./lists.js";
import {hasSample, samplePicture, sampleSound} from "./sound.js";
import {dataTable} from "./table.js";
import {quantity, shortened} from "./text.js";

// What codecs make of items, as trainings and evaluations left it: pictures and sounds before and
// after.

function trainingName({row, column, seed, fold}) {
  const parts = [row, column].map((part) => shortened(part, 60));
  return `${parts.join(", ")}, seed ${seed}${fold > 0 ? `, fold ${fold}` : ""}`;
}

function stepText({step}) {
  return step === null ? "" : `after ${quantity(step)} steps`;
}

function namedSound(title, sha256, sample) {
  const sound = sampleSound(sha256, `${sample.name}, ${title}`);
  return sound ? element("div", {}, element("div", {class: "muted"}, title), sound) : null;
}

function samplePart(sample) {
  const heard = [namedSound("before", sample.before, sample), namedSound("after", sample.after, sample)].filter(Boolean);
  const seen = samplePicture(sample.picture, `Spectrograms of ${sample.name}, before above and after below`);
  if (heard.length === 0 && !seen) return null;
  return element("div", {class: "sample"},
    element("h4", {}, [sample.name.replaceAll("_", " "), stepText(sample)].filter(Boolean).join(", ")),
    seen, element("div", {class: "choices"}, heard));
}

const sampleColumns = [
  {name: "training", value: trainingName},
  {name: "state", value: (s) => s.state},
  {name: "sample", value: (s) => s.name},
  {name: "step", value: (s) => s.step, show: (s) => quantity(s.step)},
];

export function samplesPart({samples}) {
  if (samples.length === 0) return [];
  const trainings = [...grouped(samples, (sample) => sample.training).values()];
  const place = element("div", {class: "samples"});
  const show = (i) => place.replaceChildren(...trainings[i].map(samplePart).filter(Boolean));
  show(0);
  const names = trainings.map(([first]) => trainingName(first));
  const none = !samples.some((sample) => [sample.before, sample.after, sample.picture].some(hasSample));
  return [element("div", {class: "block"},
    element("h3", {}, "Before and after"),
    element("p", {class: "note"}, none
      ? "What codecs make of some items is not in this page: 'runner view' shows and plays it, as does a report " +
        "with --embed-audio."
      : "What a codec makes of items. In each picture time runs to the right: above is the original, " +
        "below what was decoded, low frequencies at the bottom of each."),
    !none && trainings.length > 1 ? element("div", {class: "choices"}, choice("Training", names, show)) : null,
    place,
    element("details", {}, element("summary", {}, "The samples"), dataTable("Samples", sampleColumns, samples)))];
}
