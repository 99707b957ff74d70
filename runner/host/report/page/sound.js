import {element} from "./dom.js";
import {shown} from "./text.js";

// Audio and pictures: of the page itself, or of the server that it comes from.

const source = {live: false, files: {}};
const loaded = new Map();  // promises of what the server gave, by address
const mostLoaded = 300;

/** @param files  lists of data: URLs, by key */
export function useSounds(live, files) {
  source.live = live;
  source.files = files;
}

/** @throws a text that says why there is nothing */
async function fetched(address) {
  const response = await fetch(address, {cache: "no-store"}).catch(() => null);
  if (!response) throw "'runner view' does not answer";
  if (!response.ok) throw (await response.text()).trim().replace(/^runner view: /, "");
  return {url: URL.createObjectURL(await response.blob()), clips: Number(response.headers.get("Earshot-Clips"))};
}

/** Each address once, so that a page that is built again asks for nothing again. */
function fetchedOnce(address) {
  if (!loaded.has(address)) {
    loaded.set(address, fetched(address));
    loaded.get(address).catch(() => loaded.delete(address));
  }
  for (const [oldest, result] of loaded) {
    if (loaded.size <= mostLoaded) break;
    loaded.delete(oldest);
    result.then(({url}) => URL.revokeObjectURL(url));
  }
  return loaded.get(address);
}

/** The URLs of an item's clips. */
async function clipUrls(dataset, position) {
  const embedded = source.files[`${dataset}/${position}`];
  if (embedded) return embedded;
  const address = (clip) => `audio?dataset=${dataset}&item=${position}&clip=${clip}`;
  const first = await fetchedOnce(address(0));
  return first.clips > 1 ? [first.url, (await fetchedOnce(address(1))).url] : [first.url];
}

/** The URL of a sample's file. */
async function sampleUrl(sha256) {
  const [embedded] = source.files[sha256] ?? [];
  return embedded ?? (await fetchedOnce(`sample?sha256=${sha256}`)).url;
}

function hasItemSound(dataset, position) {
  return source.live || `${dataset}/${position}` in source.files;
}

export function hasSample(sha256) {
  return sha256 !== "" && (source.live || sha256 in source.files);
}

function problem(error) {
  return element("div", {class: "muted value", role: "status"}, typeof error === "string" ? error : String(error));
}

function player(url, name) {
  const audio = element("audio", {controls: "", preload: "metadata", src: url, "aria-label": shown(name)});
  audio.addEventListener("error", () => audio.replaceWith(problem("This browser cannot play it.")));
  return audio;
}

/** A button that becomes players of `urls()`. */
function playButton(name, urls) {
  const place = element("div", {class: "sound"});
  const play = async () => {
    button.disabled = true;
    button.textContent = "Reading …";
    try {
      const players = (await urls()).map((url, i, all) => player(url, all.length > 1 ? `${name}, clip ${i + 1}` : name));
      place.replaceChildren(...players);
      // Where the browser wants another press, its own button is there.
      players[0].play().catch(() => {});
    } catch (error) {
      button.disabled = false;
      button.textContent = "▶ Try again";
      place.replaceChildren(button, problem(error));
    }
  };
  const button = element("button", {type: "button", "aria-label": `Play ${shown(name)}`, click: play}, "▶ Play");
  place.append(button);
  return place;
}

/** Plays an item; null if its audio is nowhere. */
export function itemSound(dataset, position, name) {
  return hasItemSound(dataset, position) ? playButton(name, () => clipUrls(dataset, position)) : null;
}

/** Plays a sound of a sample; null if it is nowhere. */
export function sampleSound(sha256, name) {
  return hasSample(sha256) ? playButton(name, async () => [await sampleUrl(sha256)]) : null;
}

/** Shows the picture of a sample; null if it is nowhere. */
export function samplePicture(sha256, about) {
  if (!hasSample(sha256)) return null;
  const place = element("div", {class: "picture"});
  sampleUrl(sha256).then((url) => place.append(element("img", {src: url, alt: shown(about)})),
    (error) => place.append(problem(error)));
  return place;
}

// One sound at a time.
document.addEventListener("play", ({target}) => {
  for (const audio of document.querySelectorAll("audio")) if (audio !== target) audio.pause();
}, true);
