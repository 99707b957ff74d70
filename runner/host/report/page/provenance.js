import {element} from "./dom.js";
import {copyText} from "./download.js";
import {csvOf, dataTable} from "./table.js";
import {date, quantity} from "./text.js";

// Where the numbers come from, and what it took to get them.

function shownValue(name, value) {
  if (value === null || value === "") return "–";
  if (typeof value !== "number") return value;
  return name === "seed" || name === "fold" ? String(value) : quantity(value);
}

function tableOf({title, columns, rows}) {
  const described = columns.map((name, i) =>
    ({name, value: (row) => row[i], show: (row) => shownValue(name, row[i])}));
  const copy = () => copyText(csvOf(described, rows));
  return element("div", {class: "block"}, dataTable(title, described, rows),
    element("div", {class: "tools"}, element("button", {type: "button", click: copy}, "Copy CSV")));
}

function facts(experiment, results) {
  const list = [
    ["File", experiment.file], ["Revision", experiment.revision],
    ["Command line", experiment.overrides.join("  ")],
    ["First run", date(experiment.first_ms)], ["Last run", date(experiment.last_ms)],
    ["Results file", results],
  ].filter(([, value]) => value);
  return element("dl", {}, list.map(([name, value]) =>
    [element("dt", {}, name), element("dd", {}, value)]));
}

export function provenanceSection(experiment, {results}) {
  const source = experiment.source
    ? [element("details", {}, element("summary", {}, "The experiment's file"),
        element("pre", {tabindex: "0"}, experiment.source))]
    : [];
  return [facts(experiment, results), ...experiment.provenance.map(tableOf), ...source];
}
