// How texts and numbers are shown.

// Characters that a reader would not see, or that change the order of others.
const hidden =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A text from the results with every hidden character written out: names may contain anything. */
export function shown(value) {
  return String(value).replace(hidden, (c) =>
    `‹U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}›`);
}

/** At most `most` characters of a text, with an ellipsis for the rest. */
export function shortened(value, most) {
  const text = shown(value);
  if (text.length <= most) return text;
  return Array.from(text.slice(0, 2 * most)).slice(0, most - 1).join("") + "…";
}

/** Three decimals; more digits if that would show 0, fewer for large numbers; "–" for null. */
export function number(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size < 1e-12) return "0.000";
  if (size >= 1000) return Number(value.toPrecision(5)).toLocaleString("en");
  return size < 0.0005 ? value.toExponential(1) : value.toFixed(3);
}

/** Likewise, with its sign. */
export function signed(value) {
  const text = number(value);
  return value === null || value === undefined || text.startsWith("-") ? text : "+" + text;
}

export function pValue(p) {
  if (p === null || p === undefined) return "–";
  if (p < 0.0001) return "< 0.0001";
  return p.toFixed(p < 0.01 ? 4 : 3);
}

/** An integer, or a rate or size of any magnitude. */
export function quantity(value) {
  if (value === null || value === undefined) return "–";
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return Number(value.toPrecision(4)).toLocaleString("en", {maximumSignificantDigits: 4});
}

export function counted(count, noun) {
  return `${quantity(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Milliseconds since 1970 as a date in UTC; "" for 0. */
export function date(milliseconds) {
  if (!milliseconds) return "";
  return new Date(milliseconds).toISOString().slice(0, 16).replace("T", " ") + " UTC";
}
