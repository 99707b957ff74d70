import {element} from "./dom.js";

const mostRows = 1000;  // that a browser lays out without a pause

function isNumber(value) {
  return typeof value === "number";
}

function order(a, b) {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  if (isNumber(a) && isNumber(b)) return a - b;
  return String(a).localeCompare(String(b), "en", {numeric: true});
}

function csvField(value) {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** All rows with their exact values, as CSV (RFC 4180). */
export function csvOf(columns, rows) {
  const lines = [columns.map((column) => column.name)];
  for (const row of rows) lines.push(columns.map((column) => column.value(row)));
  return lines.map((line) => line.map(csvField).join(",")).join("\r\n") + "\r\n";
}

/**
 * A table that sorts by the column whose heading is pressed.
 * Columns are {name, value(row), show(row)}; `show` is optional.
 */
export function dataTable(caption, columns, rows) {
  const body = element("tbody");
  const headings = columns.map((column) => {
    const sort = () => {
      const ascending = heading.getAttribute("aria-sort") !== "ascending";
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      const sorted = [...rows].sort((a, b) => order(column.value(a), column.value(b)));
      fill(ascending ? sorted : sorted.reverse());
    };
    const heading = element("th", {scope: "col"},
      element("button", {type: "button", click: sort}, column.name.replaceAll("_", " ")));
    return heading;
  });
  function fill(ordered) {
    body.replaceChildren(...ordered.slice(0, mostRows).map((row) =>
      element("tr", {}, columns.map((column) => {
        const value = column.value(row);
        const text = column.show ? column.show(row) : value ?? "–";
        return element("td", isNumber(value) ? {class: "number"} : {},
          element("div", {class: "value"}, text));
      }))));
  }
  fill(rows);
  const note = rows.length > mostRows
    ? [element("p", {class: "note"},
        `The first ${mostRows} of ${rows.length} rows; the copied CSV has all of them.`)]
    : [];
  return element("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": caption},
    element("table", {}, element("caption", {}, caption),
      element("thead", {}, element("tr", {}, headings)), body), note);
}
