// Runs the plugin without nl2sql.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Host } from "nl2sql-plugin/testing";

import plugin from "./plugin.js";

test("only a select is read only", () => {
  const session = new Host().dialect(plugin);
  assert.ok(session.statement("SELECT 1").readOnly);
  assert.ok(!session.statement("DELETE FROM singer").readOnly);
});
