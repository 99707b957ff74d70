import {answersSection} from "./answers.js";
import {auditSection} from "./audit.js";
import {claimsSection} from "./claims.js";
import {costsSection} from "./costs.js";
import {curvesSection} from "./curves.js";
import {element, freshId, restartIds} from "./dom.js";
import {drawAll, forgetFigures} from "./figure.js";
import {gapsSection} from "./gaps.js";
import {keepingPlace} from "./keep.js";
import {follow} from "./live.js";
import {provenanceSection} from "./provenance.js";
import {scoresSection} from "./scores.js";
import {settingsSection} from "./settings.js";
import {slicesSection} from "./slices.js";
import {useSounds} from "./sound.js";
import {counted, shortened} from "./text.js";

// Builds the page from the data that stand in it, or that its server has. A section without data is
// absent.

const sections = [
  ["Claims and differences", claimsSection],
  ["Scores", scoresSection],
  ["Slices", slicesSection],
  ["Score and cost", costsSection],
  ["Scores by setting", settingsSection],
  ["Probes and questions", gapsSection],
  ["Learning curves", curvesSection],
  ["Answers to single items", answersSection],
  ["Configurations and audit", auditSection],
  ["Provenance", provenanceSection],
];

function statesText({cells, ok, running, pending, failed, skipped}) {
  const rest = [[running, "running"], [pending, "pending"], [failed, "failed"], [skipped, "skipped"]]
    .filter(([count]) => count > 0).map(([count, name]) => `${count} ${name}`);
  return [`${ok} of ${counted(cells, "cell")} ok`, ...rest].join(", ");
}

function verdictsText(claims) {
  return claims.map((claim) => `${claim.name}: ${claim.verdict}`).join("; ");
}

function experimentArticle(experiment, data) {
  const made = sections
    .map(([title, build]) => ({title, id: freshId("section"), parts: build(experiment, data)}))
    .filter(({parts}) => parts.length > 0);
  const links = element("nav", {"aria-label": `Sections of ${experiment.name}`},
    made.map(({title, id}) => element("a", {href: `#${id}`}, title)));
  return element("article", {class: "experiment"},
    element("p", {class: "name"}, experiment.name),
    element("h1", {}, experiment.question || experiment.name),
    element("p", {class: "summary"},
      [verdictsText(experiment.claims), statesText(experiment.states)].filter(Boolean).join(" · ")),
    links,
    made.map(({title, id, parts}) =>
      element("section", {id, "aria-labelledby": `${id}-title`},
        element("h2", {id: `${id}-title`}, title), parts)));
}

const embedded = JSON.parse(document.getElementById("data").textContent);

function build(data) {
  forgetFigures();
  restartIds();
  useSounds(Boolean(embedded.live), data.sounds?.files ?? {});
  const names = data.experiments.map((experiment) => experiment.name);
  document.title = `${shortened(names.join(", "), 80) || "No experiment yet"} · Earshot report`;
  const leftOut = [...data.left_out, ...data.sounds?.left_out ?? []];
  document.getElementById("top").replaceChildren(...leftOut.length === 0 ? [] :
    [element("div", {class: "left-out", role: "note"}, leftOut.map((sentence) => element("p", {}, sentence)))]);
  document.getElementById("page").replaceChildren(
    ...data.experiments.map((experiment) => experimentArticle(experiment, data)));
  if (names.length === 0)
    document.getElementById("page").append(element("p", {}, "The results file has no experiment yet."));
  document.getElementById("made").textContent = `Made by ${data.generator}.`;
  drawAll();
  document.documentElement.dataset.built = "yes";
}

if (embedded.live) follow((data) => keepingPlace(document.getElementById("page"), () => build(data)));
else build(embedded);

// Paper shows every table, and charts at the width of the paper.
const opened = [];
window.addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details:not([open])")) {
    details.open = true;
    opened.push(details);
  }
  drawAll();
});
window.addEventListener("afterprint", () => {
  for (const details of opened.splice(0)) details.open = false;
});
