import {shown} from "./text.js";

/**
 * A new HTML element. Children are elements or texts; a text stays a text, whatever it contains.
 * Attributes that are functions listen to the event of their name.
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== undefined && value !== null) made.setAttribute(key, value);
  }
  for (const child of children.flat(Infinity))
    if (child !== null && child !== undefined)
      made.append(child instanceof Node ? child : shown(child));
  return made;
}

/** A labelled choice. `options` are {value, text}; `change` gets the index of the chosen one. */
export function choice(label, options, change) {
  const select = element("select", {change: () => change(select.selectedIndex)},
    options.map((text) => element("option", {}, text)));
  return element("label", {class: "choice"}, label + " ", select);
}

let ids = 0;

/** A page that is built again has the same ids, to which its addresses lead. */
export function restartIds() {
  ids = 0;
}

/** An id that no other element has. */
export function freshId(stem) {
  ids += 1;
  return `${stem}-${ids}`;
}
