import {element} from "./dom.js";

// Copies and files of what the page shows, made in the browser.

const styles = ["fill", "stroke", "stroke-width", "paint-order", "stroke-dasharray", "stroke-linejoin", "opacity",
  "font-family", "font-size", "font-weight", "text-anchor", "dominant-baseline"];

/** The text of an SVG file that looks the same without this page's style sheet. */
function svgText(svg) {
  const copy = svg.cloneNode(true);
  const originals = [svg, ...svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((target, i) => {
    const computed = getComputedStyle(originals[i]);
    for (const name of styles) target.style.setProperty(name, computed.getPropertyValue(name));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.style.background = getComputedStyle(document.body).backgroundColor;
  return new XMLSerializer().serializeToString(copy);
}

function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = element("a", {href: url, download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

export function saveSvg(svg, name) {
  save(new Blob([svgText(svg)], {type: "image/svg+xml"}), `${name}.svg`);
}

/** Draws the SVG at twice its size, so that it stays sharp in print. */
export function savePng(svg, name) {
  const image = new Image();
  const {width, height} = svg.getBoundingClientRect();
  image.onload = () => {
    const canvas = element("canvas", {width: 2 * width, height: 2 * height});
    canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height);
    canvas.toBlob((blob) => save(blob, `${name}.png`));
  };
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(svgText(svg));
}

/** Copies a text, also where a page opened from a file may not use the clipboard's interface. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = element("textarea", {class: "skip"});
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}
