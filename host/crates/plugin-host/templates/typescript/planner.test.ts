// Runs the plugin without nl2sql.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Host } from "nl2sql-plugin/testing";

import plugin from "./plugin.js";

test("budgets are even and sum to the total", () => {
  const cards = ["a", "b", "c"].map((table) => ({ table, text: "", neighbours: [] }));
  const plan = new Host().plan(plugin, { total: 10 }, { cards });
  assert.deepEqual(plan.topics.map(({ budget }) => budget), [4, 3, 3]);
});
