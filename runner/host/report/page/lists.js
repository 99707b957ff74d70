/** The different values of a list, in the order of their first. */
export function unique(values) {
  return [...new Set(values)];
}

/** The elements by a key, as a Map in the order of the first of each. */
export function grouped(elements, keyOf) {
  const groups = new Map();
  for (const element of elements) {
    const key = keyOf(element);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(element);
  }
  return groups;
}
