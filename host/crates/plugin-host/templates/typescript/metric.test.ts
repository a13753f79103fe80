// Runs the plugin without nl2sql.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Host } from "nl2sql-plugin/testing";

import plugin from "./plugin.js";

test("the same text scores one", () => {
  const rows = ["SELECT 1", "SELECT 2"].map((predictedSql) => ({ predictedSql, gold: "SELECT 1" }));
  const { figures } = new Host().score(plugin, rows);
  assert.deepEqual(figures, [0.5]);
});
