// What a reader has opened, chosen, sorted and scrolled to stays when the page is built again.

const places = "article, section, .claim, figure, .block";

/** The headings below which an element stands. */
function pathOf(element) {
  const path = [];
  for (let place = element.closest(places); place; place = place.parentElement?.closest(places))
    path.push(place.querySelector(".name, h2, h3, h4")?.textContent ?? "");
  return path.join("\n");
}

/** Elements by the place they have, which the same one has after the page is built again. */
function byPlace(root, selector) {
  const found = new Map(), counts = new Map();
  for (const element of root.querySelectorAll(selector)) {
    const path = `${element.tagName}\n${pathOf(element)}`;
    const count = counts.get(path) ?? 0;
    counts.set(path, count + 1);
    found.set(`${path}\n${count}`, element);
  }
  return found;
}

/** [place, value] of all elements for which value() is not undefined. */
function noted(root, selector, value) {
  return [...byPlace(root, selector)].map(([place, element]) => [place, value(element)])
    .filter(([, kept]) => kept !== undefined);
}

/** Calls put(element, value) for what noted() returned; looks for places again if a call may change them. */
function restore(root, selector, kept, put, changes = false) {
  let found = kept.length > 0 ? byPlace(root, selector) : null;
  for (const [place, value] of kept) {
    const element = found.get(place);
    if (!element) continue;
    put(element, value);
    if (changes) found = byPlace(root, selector);
  }
}

function say(element, event) {
  element.dispatchEvent(new Event(event, {bubbles: true}));
}

const chosenOf = (select) => select.selectedOptions[0]?.textContent;

// Choices are kept if they were made, so that a page that has other choices now begins as it would.
const made = new WeakMap();
document.addEventListener("change", ({target}) => {
  if (target.tagName === "SELECT") made.set(target, true);
}, true);

const scrolling = ".scroll, .chart, pre";
const focusable = "button, select, input, summary, a, [tabindex]";
const anchors = `${places}, h2, details`;

/** The innermost thing that the top of the window is in, and where. */
function anchorOf(root) {
  let last;
  for (const [place, element] of byPlace(root, anchors)) {
    const {top, bottom} = element.getBoundingClientRect();
    if (top <= 0 && bottom > 0) last = {place, top};
  }
  return last;
}

function returnTo(root, anchor, x, y) {
  scrollTo(x, y);
  const element = anchor && byPlace(root, anchors).get(anchor.place);
  if (element) scrollBy(0, element.getBoundingClientRect().top - anchor.top);
}

/** Calls rebuild(), which replaces all that is in `root`. */
export function keepingPlace(root, rebuild) {
  const {scrollX, scrollY} = window;
  const anchor = anchorOf(root);
  const choices = noted(root, "select", (select) => made.has(select) ? chosenOf(select) : undefined);
  const texts = noted(root, "input", ({value}) => value || undefined);
  const opened = noted(root, "details", ({open}) => open);
  const sorted = noted(root, "th", (heading) => heading.getAttribute("aria-sort") ?? undefined);
  const more = noted(root, "button.more", (button) => button.closest(".block").querySelector("tbody").rows.length);
  const scrolled = noted(root, scrolling, ({scrollTop, scrollLeft}) =>
    scrollTop || scrollLeft ? [scrollLeft, scrollTop] : undefined);
  const focused = noted(root, focusable, (element) => element === document.activeElement ? element : undefined);

  rebuild();

  restore(root, "select", choices, (select, text) => {
    const index = [...select.options].findIndex((option) => option.textContent === text);
    if (index < 0) return;
    made.set(select, true);
    if (index === select.selectedIndex) return;
    select.selectedIndex = index;
    say(select, "change");
  }, true);
  restore(root, "input", texts, (input, text) => {
    input.value = text;
    say(input, "input");
  });
  restore(root, "button.more", more, (button, rows) => {
    const body = button.closest(".block").querySelector("tbody");
    while (!button.hidden && body.rows.length < rows) button.click();
  });
  restore(root, "th", sorted, (heading, order) => {
    const button = heading.querySelector("button");
    button.click();
    if (order === "descending") button.click();
  });
  restore(root, "details", opened, (details, open) => { details.open = open; });
  restore(root, scrolling, scrolled, (element, [left, top]) => {
    element.scrollLeft = left;
    element.scrollTop = top;
  });
  restore(root, focusable, focused, (element, before) => {
    element.focus({preventScroll: true});
    if (before.type === "search") element.setSelectionRange(before.selectionStart, before.selectionEnd);
  });
  returnTo(root, anchor, scrollX, scrollY);
}
