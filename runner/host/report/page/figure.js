/* global d3 */
import {element, freshId} from "./dom.js";
import {copyText, savePng, saveSvg} from "./download.js";
import {csvOf, dataTable} from "./table.js";
import {shown} from "./text.js";

let drawn = [];  // redraws every figure for paper

function fileName(title) {
  return shown(title).toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 60) || "figure";
}

/**
 * A chart with its name, downloads and numbers.
 *
 * draw(svg, width) draws into an empty d3 selection of an <svg> and returns the height. It is called
 * again when the width of the page changes; redraw() of the result calls it when a choice changes.
 * `open`: whether the numbers are visible from the beginning. numbers() returns {columns, rows} for the table and the copied CSV.
 */
export function figure({title, about, choices = [], open = false, draw, numbers}) {
  const titleId = freshId("title"), aboutId = freshId("about");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const chart = element("div", {class: "chart"}, svg);
  const status = element("span", {role: "status"});
  const table = element("div");
  let width = 0;

  function redraw(newNumbers = true) {
    const selection = d3.select(svg);
    selection.selectAll("*").remove();
    selection.attr("role", "img").attr("aria-labelledby", `${titleId} ${aboutId}`);
    selection.append("title").attr("id", titleId).text(shown(title));
    selection.append("desc").attr("id", aboutId).text(shown(about));
    const height = draw(selection, width);
    const drawnWidth = Math.max(width, Number(selection.attr("data-width") ?? 0));
    selection.attr("width", drawnWidth).attr("height", height)
      .attr("viewBox", `0 0 ${drawnWidth} ${height}`);
    if (!newNumbers) return;
    const {columns, rows} = numbers();
    table.replaceChildren(dataTable(title, columns, rows));
  }
  function fit(available) {
    const wanted = Math.max(260, Math.floor(available));
    if (wanted === width) return;
    const first = width === 0;
    width = wanted;
    redraw(first);
  }
  // A figure that another has replaced is no longer drawn.
  const fitConnected = () => { if (chart.isConnected) fit(chart.clientWidth); };
  new ResizeObserver(() => requestAnimationFrame(fitConnected)).observe(chart);
  drawn.push(() => fit(chart.clientWidth));

  const name = fileName(title);
  const copy = async () => {
    const {columns, rows} = numbers();
    await copyText(csvOf(columns, rows));
    status.textContent = "copied";
    setTimeout(() => { status.textContent = ""; }, 3000);
  };
  const made = element("figure", {},
    element("figcaption", {}, element("h4", {}, title), element("p", {}, about)),
    choices.length > 0 ? element("div", {class: "choices"}, choices) : null,
    chart,
    element("div", {class: "tools"},
      element("button", {type: "button", click: () => saveSvg(svg, name)}, "SVG"),
      element("button", {type: "button", click: () => savePng(svg, name)}, "PNG"),
      element("button", {type: "button", click: copy}, "Copy CSV"), status),
    element("details", {open: open ? "" : null}, element("summary", {}, "The numbers"), table));
  made.redraw = () => redraw();
  return made;
}

/** Forgets the figures of a page that is about to be built again. */
export function forgetFigures() {
  drawn = [];
}

/** Draws all figures for the width that they have now. */
export function drawAll() {
  for (const draw of drawn) draw();
}
