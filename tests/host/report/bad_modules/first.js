import {absent, useful} from "./second.js";
import {other} from "./nowhere.js";

const shared = 1, idle = 2;

export function lonely() {
  return useful(shared, undeclared) + absent + other;
}
