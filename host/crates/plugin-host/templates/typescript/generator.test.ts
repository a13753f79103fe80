// Runs the plugin without nl2sql.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Host } from "nl2sql-plugin/testing";

import plugin from "./plugin.js";

test("every table gets a pair", () => {
  const topic = { name: "singers", reason: "", tables: ["singer"], budget: 5 };
  const batch = new Host().generate(plugin, { topic, want: 5 });
  assert.deepEqual(batch.samples.map(({ sql }) => sql), ["SELECT * FROM singer"]);
  assert.ok(batch.exhausted);
});
