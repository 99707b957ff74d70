// Reads the modules of a page: node lint_modules.cjs <folder>. Prints what is wrong with them, a line
// each, and ends with 1 if anything is; with 77 if there is only node itself, which checks the syntax.
//
// Scopes are found with Debian's packages node-espree and node-eslint-scope, on which ESLint is built;
// the version of ESLint in Debian does not know the language of these modules. Besides undefined and
// unused names this finds what matters because the modules are joined into one script without imports
// (runner/host/report/embed.cmake): their names must differ, and come before they are used.

const {spawnSync} = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const folder = path.resolve(process.argv[2]);
const names = fs.readdirSync(folder).filter((name) => name.endsWith(".js")).sort();

function packages() {
  try {
    return {espree: require("espree"), scopes: require("eslint-scope")};
  } catch {
    return null;
  }
}

/** Syntax errors, found by node alone. */
function syntaxErrors() {
  const copies = fs.mkdtempSync(path.join(os.tmpdir(), "modules-"));
  const errors = [];
  for (const name of names) {
    const copy = path.join(copies, name.replace(/js$/, "mjs"));
    fs.copyFileSync(path.join(folder, name), copy);
    const checked = spawnSync(process.execPath, ["--check", copy], {encoding: "utf8"});
    if (checked.status !== 0) errors.push(`${name}: ${checked.stderr.replaceAll(copy, name).trim()}`);
  }
  fs.rmSync(copies, {recursive: true});
  return errors;
}

// What browsers provide and the modules use; d3 only where a comment says so.
const browser = new Set(["Array", "Blob", "Boolean", "Date", "Event", "Image", "Infinity", "JSON", "Map", "Math", "Node",
  "Number", "Object", "Promise", "ResizeObserver", "Set", "String", "URL", "WeakMap", "XMLSerializer", "addEventListener",
  "document", "encodeURIComponent", "fetch", "getComputedStyle", "getSelection", "navigator", "requestAnimationFrame",
  "scrollBy", "scrollTo", "setTimeout", "undefined", "window"]);

class Module {
  constructor(name, {espree, scopes}) {
    this.name = name;
    this.text = fs.readFileSync(path.join(folder, name), "utf8");
    this.tree = espree.parse(this.text, {ecmaVersion: 2022, sourceType: "module", range: true, loc: true});
    this.scopes = scopes.analyze(this.tree, {ecmaVersion: 2022, sourceType: "module"});
    this.imports = this.tree.body.filter((node) => node.type === "ImportDeclaration");
    const exported = this.tree.body.filter((node) => node.type === "ExportNamedDeclaration");
    this.exports = exported.flatMap(({declaration}) => declaration.id
      ? [declaration.id] : declaration.declarations.map(({id}) => id));
    [this.global] = this.scopes.scopes;
    this.own = this.global.childScopes[0];
  }

  /** Names at the top that are not imported. */
  get top() {
    return this.own.variables.filter(({defs}) => defs.length > 0 && defs[0].type !== "ImportBinding");
  }

  undefinedNames() {
    const globals = this.text.includes("/* global d3 */") ? new Set([...browser, "d3"]) : browser;
    return this.global.through.filter(({identifier}) => !globals.has(identifier.name))
      .map(({identifier}) => this.said(identifier, `'${identifier.name}' is not defined`));
  }

  unusedNames() {
    const exported = new Set(this.exports.map(({name}) => name));
    const unused = this.scopes.scopes.slice(1).flatMap((scope) => scope.variables.filter((variable) =>
      variable.defs.length > 0 && !["Parameter", "CatchClause"].includes(variable.defs[0].type) &&
      !(scope === this.own && exported.has(variable.name)) &&
      !(scope.type === "function-expression-name") &&
      !variable.references.some((reference) => reference.isRead())));
    return unused.map(({name, defs}) => this.said(defs[0].name, `'${name}' is not used`));
  }

  said(node, what) {
    return {line: node.loc.start.line, text: `${this.name}:${node.loc.start.line}: ${what}`};
  }
}

/** Imports of what is not exported, and exports that nothing imports. */
function wrongImports(modules, order) {
  const found = [], used = new Set();
  for (const module of modules.values())
    for (const {source, specifiers} of module.imports) {
      const from = modules.get(path.basename(source.value));
      if (!from || !source.value.startsWith("./")) {
        found.push(module.said(source, `there is no module '${source.value}'`));
        continue;
      }
      if (order.length > 0 && !(order.indexOf(from.name) < order.indexOf(module.name)))
        found.push(module.said(source, `'${from.name}' comes after it in embed.cmake`));
      for (const {imported} of specifiers) {
        used.add(`${from.name} ${imported.name}`);
        if (!from.exports.some(({name}) => name === imported.name))
          found.push(module.said(imported, `'${from.name}' does not export '${imported.name}'`));
      }
    }
  for (const module of modules.values())
    for (const name of module.exports)
      if (!used.has(`${module.name} ${name.name}`))
        found.push(module.said(name, `'${name.name}' is exported, and no module imports it`));
  return found;
}

function sharedNames(modules) {
  const found = [], owners = new Map();
  for (const module of modules.values())
    for (const {name, defs} of module.top) {
      if (owners.has(name)) found.push(module.said(defs[0].name, `'${name}' is a name of '${owners.get(name)}', too`));
      owners.set(name, module.name);
    }
  return found;
}

/** The modules in the order in which they are joined; empty if that is not known. */
function orderOfModules() {
  const list = path.join(folder, "..", "embed.cmake");
  if (!fs.existsSync(list)) return [];
  const [, words] = fs.readFileSync(list, "utf8").match(/set\(report_modules ([^)]*)\)/);
  return words.split(/\s+/).map((word) => `${word}.js`);
}

function problems(found) {
  const modules = new Map();
  for (const name of names) {
    try {
      modules.set(name, new Module(name, found));
    } catch (error) {
      return [`${name}:${error.lineNumber ?? 0}: ${error.message}`];
    }
  }
  const order = orderOfModules();
  const missing = order.length === 0 ? [] : names.filter((name) => !order.includes(name))
    .map((name) => `${name}:1: it is not in embed.cmake`);
  const said = [...modules.values()].flatMap((module) => [...module.undefinedNames(), ...module.unusedNames()]);
  return [...missing, ...[...said, ...wrongImports(modules, order), ...sharedNames(modules)].map(({text}) => text)];
}

const found = packages();
const all = found ? problems(found) : syntaxErrors();
for (const line of all) console.log(line);
if (names.length === 0) console.log(`there are no modules in ${folder}`);
if (!found) console.log("only the syntax was checked: names need Debian's packages node-espree and node-eslint-scope");
process.exitCode = all.length > 0 || names.length === 0 ? 1 : found ? 0 : 77;
