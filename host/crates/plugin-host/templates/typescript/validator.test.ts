// Runs the plugin without nl2sql.

import assert from "node:assert/strict";
import { test } from "node:test";

import { sample } from "nl2sql-plugin";
import { Host } from "nl2sql-plugin/testing";

import plugin from "./plugin.js";

test("only a star is rejected", () => {
  const samples = [sample({ sql: "SELECT * FROM singer" }), sample({ sql: "SELECT name FROM singer" })];
  const found = new Host().check(plugin, samples);
  assert.deepEqual(found.map((findings) => findings.length), [1, 0]);
});
