import {element} from "./dom.js";

// Follows the results: asks the server this page comes from whether its data changed, and draws them
// again.

const pause = 1000;  // ms between two questions

/** Whether new data would take something away from under the reader's hands. */
function busy(touched) {
  const page = document.getElementById("page");
  const chosen = document.activeElement;
  if (chosen?.tagName === "SELECT" && page.contains(chosen) && Date.now() - touched.at < 5000) return true;
  if ([...page.querySelectorAll("audio")].some((audio) => !audio.paused)) return true;
  const selection = getSelection();
  return !selection.isCollapsed && page.contains(selection.anchorNode);
}

/** @throws a text if there is no answer */
async function asked(address) {
  const response = await fetch(address, {cache: "no-store"}).catch(() => null);
  if (!response?.ok) throw "'runner view' does not answer";
  return response;
}

/** Calls `show` with the data as soon as there are any, and whenever they have changed. */
export function follow(show) {
  const line = element("p", {class: "live"}, "Reading the results …");
  document.getElementById("page").replaceChildren();
  document.body.prepend(line);
  const touched = {at: 0};
  for (const event of ["pointerdown", "keydown", "change"])
    document.addEventListener(event, () => { touched.at = Date.now(); }, true);
  let shownRevision = "", since = "";

  function say(text, stale = false) {
    if (line.textContent !== text) line.textContent = text;
    line.classList.toggle("stale", stale);
  }
  async function look() {
    const state = await (await asked("state.json")).json();
    if (state.revision !== "" && state.revision !== shownRevision) {
      if (shownRevision !== "" && busy(touched))
        return say(`Live, as of ${since}. New results are shown when nothing is selected or played.`);
      const response = await asked("data.json");
      const revision = response.headers.get("ETag");
      show(await response.json());
      shownRevision = JSON.parse(revision);
      since = new Date().toLocaleTimeString();
    }
    if (state.problem) say(`The results cannot be read now; this is as of ${since || "never"}. ${state.problem}`, true);
    else if (shownRevision === "") say("Reading the results …");
    else say(`Live, as of ${since}${state.reading ? "; reading new results …" : ""}`);
  }
  async function again() {
    try {
      await look();
    } catch (error) {
      const silent = typeof error === "string";
      if (!silent) document.documentElement.dataset.error = String(error);
      const what = silent ? error : `This page could not be drawn (${error})`;
      say(`${what}; ${since ? `what is shown is as of ${since}` : "nothing is shown"}.`, true);
    }
    setTimeout(again, pause);
  }
  again();
}
