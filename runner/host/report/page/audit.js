import {choice, element} from "./dom.js";
import {copyText} from "./download.js";
import {grouped, unique} from "./lists.js";
import {csvOf, dataTable} from "./table.js";
import {counted, shortened, shown} from "./text.js";

// What differs between two configurations, and whether the numbers mean what they seem to mean.

const checkSigns = {passed: "✓", failed: "✗", look: "!", unknown: "?"};
const meanings = {failed: "failed", look: "to look at", unknown: "unknown", passed: "passed"};
const resultOrder = Object.keys(meanings);

function withCopy(table, columns, rows) {
  const copy = () => copyText(csvOf(columns, rows()));
  return element("div", {class: "block"}, table,
    element("div", {class: "tools"}, element("button", {type: "button", click: copy}, "Copy CSV")));
}

function auditPart(checks) {
  if (checks.length === 0) return [];
  const counts = grouped(checks, (check) => check.result);
  const columns = [
    {name: "result", value: (c) => c.result, show: (c) => `${checkSigns[c.result] ?? ""} ${meanings[c.result] ?? shown(c.result)}`},
    {name: "check", value: (c) => c.check},
    {name: "of", value: (c) => c.subject},
    {name: "detail", value: (c) => c.detail},
  ];
  const rows = [...checks].sort((a, b) => resultOrder.indexOf(a.result) - resultOrder.indexOf(b.result));
  return [
    element("h3", {}, "Audit"),
    element("p", {}, resultOrder.filter((result) => counts.has(result))
      .map((result) => `${checkSigns[result]} ${counts.get(result).length} ${meanings[result]}`).join(" · ")),
    withCopy(dataTable("What the results file tells about whether the numbers mean what they seem to mean", columns, rows),
      columns, () => rows),
  ];
}

/** All pairs of a row and a column that have cells, of all experiments. */
function configurations(data) {
  const several = data.experiments.length > 1;
  return data.experiments.flatMap((experiment, index) => {
    const places = new Map(experiment.scores.map((s) => [`${s.row} ${s.column}`, s]));
    return [...places.values()].map(({row, column}) => ({
      index, row: experiment.rows[row], column: experiment.columns[column],
      parts: new Map([...experiment.rows[row].configuration, ...experiment.columns[column].configuration]),
      name: (several ? `${experiment.name}: ` : "") + `${experiment.rows[row].label}, ${experiment.columns[column].label}`,
    }));
  });
}

/** Names with a value of their own on either side, or with two. */
function differences(a, b) {
  return unique([...a.parts.keys(), ...b.parts.keys()])
    .filter((name) => a.parts.get(name) !== b.parts.get(name))
    .map((name) => ({name, a: a.parts.get(name) ?? null, b: b.parts.get(name) ?? null}));
}

function differencesPart(data, index) {
  const all = configurations(data).filter((one) => one.parts.size > 0);
  const first = all.findIndex((one) => one.index === index);
  if (all.length < 2 || first < 0) return [];
  const mostChoices = 2000;  // that a browser lays out without a pause
  const offered = all.slice(0, mostChoices);
  const near = offered.findIndex((one, i) => i !== first && one.column === offered[first]?.column);
  const now = {a: Math.min(first, offered.length - 1), b: near < 0 ? (first === 0 ? 1 : 0) : near};
  const columns = [
    {name: "what", value: (d) => d.name},
    {name: "A", value: (d) => d.a},
    {name: "B", value: (d) => d.b},
  ];
  const place = element("div");
  const rows = () => differences(offered[now.a], offered[now.b]);
  const show = () => {
    const found = rows();
    place.replaceChildren(found.length === 0
      ? element("p", {class: "note"}, "Nothing differs apart from seed and fold.")
      : withCopy(dataTable(`${counted(found.length, "difference")} between A and B`, columns, found), columns, rows));
  };
  const names = offered.map((one) => shortened(one.name, 120));
  const side = (title, key) => {
    const made = choice(title, names, (i) => { now[key] = i; show(); });
    made.querySelector("select").selectedIndex = now[key];
    return made;
  };
  show();
  return [
    element("h3", {}, "What differs between two configurations"),
    element("p", {class: "note"}, "Everything that results depend on, apart from seed and fold: options, builds of " +
      "plugins and content of files as hashes. What is not listed is the same on both sides." +
      (offered.length < all.length ? ` The first ${offered.length} of ${all.length} configurations are offered.` : "")),
    element("div", {class: "choices"}, side("A", "a"), side("B", "b")), place,
  ];
}

export function auditSection(experiment, data) {
  return [...differencesPart(data, data.experiments.indexOf(experiment)), ...auditPart(experiment.audit)];
}
