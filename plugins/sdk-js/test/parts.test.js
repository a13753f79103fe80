// Options, manifests and bytes.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { withManifest } from "../src/component.js";
import { parseOptions } from "../src/index.js";
import { readManifest, worldOf } from "../src/manifest.js";

test("options are read over their defaults, or refused with the reason", () => {
  const defaults = { limit: 3, names: ["a"], note: null };
  assert.deepEqual(parseOptions('{"limit": 4, "note": "x"}', defaults), { limit: 4, names: ["a"], note: "x" });
  assert.deepEqual(parseOptions("", defaults), defaults);
  for (const [given, reason] of [
    ["{", /no JSON/],
    ["[]", /no object/],
    ['{"limt": 1}', /unknown option `limt`/],
    ['{"limit": "4"}', /expected number/],
  ]) {
    assert.throws(() => parseOptions(given, defaults), (failure) => failure.code === "bad-options" && reason.test(failure.message));
  }
});

test("the manifest is the first section", () => {
  const component = Buffer.from("\0asm\x0d\0\x01\0\0\x02\x01x", "latin1");
  const manifest = Buffer.from("m".repeat(200));
  const packed = withManifest(component, manifest);
  assert.deepEqual([...packed.subarray(8, 11)], [0, 0xd8, 1]);
  assert.equal(packed.subarray(11, 27).toString("latin1"), "\x0fnl2sql:manifest");
  assert.deepEqual(packed.subarray(27), Buffer.concat([manifest, component.subarray(8)]));
});

test("a manifest that the host would refuse is refused, and a world has its imports alone", () => {
  const path = join(mkdtempSync(join(tmpdir(), "nl2sql-")), "plugin.toml");
  const head = (kind) => `name = "mine"\nversion = "1"\nkind = "${kind}"\ndescription = "Mine."\n`;
  writeFileSync(path, `${head("planner")}[imports]\nquery = "x"\n`);
  assert.throws(() => readManifest(path), /a planner cannot import `query`/);
  writeFileSync(path, `${head("planner")}[import]\n`);
  assert.throws(() => readManifest(path), /unknown key `import`/);
  writeFileSync(path, `${head("validator")}[imports]\nsql = "parses"\n`);
  assert.match(worldOf(readManifest(path)), /import log;\n    import sql;\n    export validator;/);
});
