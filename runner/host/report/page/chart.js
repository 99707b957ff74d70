/* global d3 */
import {freshId} from "./dom.js";
import {shortened} from "./text.js";

// What several charts have in common.

const ruler = document.createElement("canvas").getContext("2d");

/** Width of a text in pixels, in the font of charts. */
export function textWidth(text, size = 12) {
  ruler.font = `${size}px system-ui, sans-serif`;
  return ruler.measureText(text).width;
}

/** The beginning of a text that fits into `room` pixels. */
export function fitted(text, room, size = 12) {
  let most = 200, cut = shortened(text, most);
  while (most > 2 && textWidth(cut, size) > room) {
    most = Math.min(most - 1, Math.floor(most * Math.max(0.5, room / textWidth(cut, size))));
    cut = shortened(text, Math.max(2, most));
  }
  return cut;
}

/** Adds a text, with all of it as a tooltip where it was cut. */
export function label(parent, text, {x, y, room = Infinity, size = 12, anchor = "start", style = ""}) {
  const cut = fitted(text, room, size);
  const added = parent.append("text").attr("x", x).attr("y", y).attr("class", style)
    .attr("text-anchor", anchor).attr("font-size", size).text(cut);
  if (cut !== text) added.append("title").text(shortened(text, 500));
  return added;
}

/** Says in place of a chart why there is none. @returns the height */
export function drawNothing(svg, why) {
  label(svg, why, {x: 0, y: 24, style: "muted"});
  return 40;
}

/** A pattern of stripes for what is missing. @returns the value of `fill` */
export function hatch(svg) {
  const id = freshId("hatch");
  svg.append("defs").append("pattern").attr("id", id).attr("width", 6).attr("height", 6)
    .attr("patternUnits", "userSpaceOnUse").attr("patternTransform", "rotate(45)")
    .append("line").attr("class", "stripe").attr("y2", 6);
  return `url(#${id})`;
}

/** Dashes, so that no line is told by its colour alone. */
export const dashes = ["", "6 3", "2 3", "8 3 2 3", "10 4", "4 2 1 2", "1 4", "12 3 3 3"];
export const series = dashes.length;

/** The path of a symbol around 0, 0 with an area in square pixels. */
export function symbolPath(shape, area) {
  return d3.symbol().type(shape).size(area)();
}

/** An axis below a chart, with lines of the grid and its name. `values`: where the ticks must be. */
export function xAxis(parent, scale, {top, bottom, name, ticks = 5, format = null, values = null}) {
  const axis = () => d3.axisBottom(scale).ticks(ticks, format).tickValues(values);
  parent.append("g").attr("class", "grid").attr("transform", `translate(0,${bottom})`)
    .call(axis().tickSize(top - bottom).tickFormat(""));
  parent.append("g").attr("class", "axis").attr("transform", `translate(0,${bottom})`)
    .call(axis().tickSizeOuter(0).tickFormat(values ? d3.format("~g") : null));
  const [from, to] = scale.range();
  if (name) label(parent, name, {x: (from + to) / 2, y: bottom + 32, anchor: "middle", style: "name",
    room: Math.abs(to - from) + 60});
}

/** An axis to the left of a chart. */
export function yAxis(parent, scale, {left, right, name, ticks = 5, format = null}) {
  parent.append("g").attr("class", "grid").attr("transform", `translate(${left},0)`)
    .call(d3.axisLeft(scale).ticks(ticks).tickSize(left - right).tickFormat(""));
  parent.append("g").attr("class", "axis").attr("transform", `translate(${left},0)`)
    .call(d3.axisLeft(scale).ticks(ticks, format).tickSizeOuter(0));
  if (name) label(parent, name, {x: left, y: Math.min(...scale.range()) - 8, style: "name",
    room: right - left});
}
