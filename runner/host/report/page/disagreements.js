import {choice, element, freshId} from "./dom.js";
import {copyText} from "./download.js";
import {unique} from "./lists.js";
import {itemSound} from "./sound.js";
import {csvOf} from "./table.js";
import {counted, number, quantity, shortened, shown} from "./text.js";

// Items that one side has right and another wrong. A side is an encoder in a task, of this experiment
// or of another one on the page.

const step = 50;  // items that are shown at a time

/** "mimi, hearing"; with the experiment if there are several. */
function sideName(side, experiments) {
  const experiment = experiments[side.experiment];
  const parts = [experiment.rows[side.row].label, experiment.columns[side.column].label];
  if (experiments.length > 1) parts.unshift(experiment.name);
  return parts.map((part) => shortened(part, 60)).join(", ");
}

/** What a side said about item i. */
function answerOf(block, side, i) {
  const text = (index) => index === undefined || index < 0 ? null : block.texts[index];
  return {said: text(side.said[i]), output: text(side.outputs[i]), right: side.right[i],
    score: side.scores[i] ?? null, truthScore: side.truth_scores[i] ?? null};
}

/** All the text of an item, to search in. */
function searchable(row) {
  const {item, a, b} = row;
  return [item.id, item.question, item.truth, ...item.choices, ...Object.values(item.slices), a.said, a.output,
    b.said, b.output].filter(Boolean).join("\n").toLowerCase();
}

function answerCell({said, output, right, score, truthScore}) {
  const sign = right === "1" ? "✓ " : right === "0" ? "✗ " : "";
  return [
    element("div", {class: "value"}, sign + (said === null ? "nothing" : shown(said))),
    output === null ? null : element("div", {class: "value muted"}, `wrote: ${shown(output)}`),
    score === null && truthScore === null ? null
      : element("div", {class: "muted"}, `score ${number(score)}; of the right one ${number(truthScore)}`),
  ];
}

function itemRow(block, {item, a, b}) {
  const slices = Object.entries(item.slices).map(([name, value]) => `${name} ${value}`).join(", ");
  return element("tr", {},
    element("td", {}, element("div", {class: "value"}, item.id),
      slices ? element("div", {class: "value muted"}, slices) : null,
      itemSound(block.dataset_key, item.position, shortened(item.id, 100))),
    element("td", {}, item.question ? element("div", {class: "value"}, item.question) : null,
      item.choices.length > 0 ? element("div", {class: "value muted"}, item.choices.join(" · ")) : null,
      element("div", {class: "value"}, element("strong", {}, item.truth))),
    element("td", {}, answerCell(a)), element("td", {}, answerCell(b)));
}

const csvColumns = [
  {name: "item", value: (r) => r.item.id},
  {name: "question", value: (r) => r.item.question},
  {name: "choices", value: (r) => r.item.choices.join(" | ")},
  {name: "right_answer", value: (r) => r.item.truth},
  {name: "slices", value: (r) => JSON.stringify(r.item.slices)},
  ...["a", "b"].flatMap((side) => [
    {name: `${side}_said`, value: (r) => r[side].said},
    {name: `${side}_wrote`, value: (r) => r[side].output},
    {name: `${side}_right`, value: (r) => r[side].right.trim()},
    {name: `${side}_score`, value: (r) => r[side].score},
    {name: `${side}_score_of_right_answer`, value: (r) => r[side].truthScore},
  ]),
];

/** Choices of two sides, of slices and of a text, and the items that are left. */
function blockPart(block, experiments, own) {
  const names = block.sides.map((side) => sideName(side, experiments));
  // Controls are offered, but not shown first.
  const isControl = (side) => Boolean(experiments[side.experiment].rows[side.row].control);
  const preferred = (fits) => {
    const found = block.sides.findIndex((side, i) => fits(side, i) && !isControl(side));
    return found >= 0 ? found : block.sides.findIndex(fits);
  };
  const first = Math.max(0, preferred((side) => side.experiment === own));
  const second = preferred((_, i) => i !== first && rowsOf(first, i).length > 0);
  const now = {a: first, b: second < 0 ? (first === 0 ? 1 : 0) : second, dimension: "", slice: "", text: "", most: step};
  const dimensions = unique(block.items.flatMap((item) => Object.keys(item.slices)));

  function rowsOf(a, b) {
    const sideA = block.sides[a], sideB = block.sides[b];
    return block.items.map((item, i) => ({item, i}))
      .filter(({i}) => sideA.right[i] === "1" && sideB.right[i] === "0")
      .map(({item, i}) => ({item, a: answerOf(block, sideA, i), b: answerOf(block, sideB, i)}));
  }
  function filtered() {
    return rowsOf(now.a, now.b).filter((row) =>
      (!now.slice || row.item.slices[now.dimension] === now.slice) &&
      (!now.text || searchable(row).includes(now.text)));
  }

  const body = element("tbody"), status = element("p", {class: "note", role: "status"});
  const headA = element("th", {scope: "col"}), headB = element("th", {scope: "col"});
  const more = element("button", {type: "button", class: "more", click: () => { now.most += step; fill(); }});
  const copied = element("span", {role: "status"});
  function fill() {
    const rows = filtered();
    body.replaceChildren(...rows.slice(0, now.most).map((row) => itemRow(block, row)));
    headA.textContent = `A ✓ ${names[now.a]}`;
    headB.textContent = `B ✗ ${names[now.b]}`;
    const back = rowsOf(now.b, now.a).length;
    status.textContent = `${counted(rows.length, "item")} with A right and B wrong` +
      `${rows.length < rowsOf(now.a, now.b).length ? " that match" : ""}; ${quantity(back)} the other way round.`;
    more.hidden = rows.length <= now.most;
    more.textContent = `Show ${Math.min(step, rows.length - now.most)} more`;
  }
  function sideChoice(title, key) {
    const made = choice(title, names, (index) => { now[key] = index; now.most = step; fill(); });
    made.querySelector("select").selectedIndex = now[key];
    return made;
  }
  const pairs = dimensions.flatMap((dimension) => unique(block.items.map((item) => item.slices[dimension])
    .filter((slice) => slice !== undefined)).sort().map((slice) => ({dimension, slice})));
  const sliceChoice = choice("Slice", ["all", ...pairs.map(({dimension, slice}) => shortened(`${dimension}: ${slice}`, 80))], (index) => {
    const {dimension, slice} = pairs[index - 1] ?? {dimension: "", slice: ""};
    Object.assign(now, {dimension, slice, most: step});
    fill();
  });
  const textId = freshId("text");
  const search = element("input", {id: textId, type: "search", input: () => {
    Object.assign(now, {text: search.value.toLowerCase(), most: step});
    fill();
  }});
  const copy = async () => {
    await copyText(csvOf(csvColumns, filtered()));
    copied.textContent = "copied";
    setTimeout(() => { copied.textContent = ""; }, 3000);
  };
  fill();
  const title = [block.target ? `Label ${block.target}` : "Answers to questions", block.dataset].filter(Boolean).join(" of ");
  const seeds = unique(block.sides.map((side) => side.seed));
  return element("div", {class: "block"},
    element("h4", {}, title),
    element("p", {class: "note"},
      `${counted(block.found, "item")} on which some sides are right and others wrong` +
      (block.items.length < block.found ? `, of which ${quantity(block.items.length)} are here` : "") +
      `; of ${seeds.length === 1 ? `seed ${seeds[0]}` : "the first finished seed of each"}. Scores are what the ` +
      "answer was chosen by: log-probabilities of a language model, or the scores of a classifier."),
    element("div", {class: "choices"}, sideChoice("A is right:", "a"), sideChoice("B is wrong:", "b"),
      pairs.length > 0 ? sliceChoice : null,
      element("label", {class: "choice", for: textId}, "With the text ", search)),
    status,
    element("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": `Disagreements: ${shortened(title, 200)}`},
      element("table", {}, element("caption", {class: "skip"}, `Disagreements: ${title}`),
        element("thead", {}, element("tr", {}, element("th", {scope: "col"}, "item"),
          element("th", {scope: "col"}, "right answer"), headA, headB)), body)),
    element("div", {class: "tools"}, more, element("button", {type: "button", click: copy}, "Copy CSV"), copied));
}

/** The blocks to which the experiment of this index contributes. */
export function disagreementsPart(data, index) {
  const blocks = data.answers.filter((block) => block.sides.length > 1 &&
    block.sides.some((side) => side.experiment === index));
  if (blocks.length === 0) return [];
  const place = element("div");
  const show = (i) => place.replaceChildren(blockPart(blocks[i], data.experiments, index));
  const names = blocks.map((block) => [block.target || "questions", block.dataset].filter(Boolean).join(" of "));
  show(0);
  return [element("h3", {}, "Disagreements"),
    ...(blocks.length > 1 ? [element("div", {class: "choices"}, choice("Items with", names, show))] : []), place];
}
