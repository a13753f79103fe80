// `nl2sql-plugin test`: the tests of a project, in node.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

import { build as bundle } from "esbuild";

const TEST = /\.test\.(ts|js)$/;

/** Runs the tests of a folder; gives the exit code. */
export async function test(folder = ".") {
  const files = readdirSync(folder).filter((file) => TEST.test(file));
  if (files.length === 0) throw new Error(`${resolve(folder)} has no *.test.ts or *.test.js`);
  // Inside of the project, so that what stays outside of the bundles is found.
  const place = mkdtempSync(join(folder, ".tests-"));
  try {
    await bundle({
      entryPoints: files.map((file) => join(folder, file)),
      outdir: place,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      format: "esm",
      platform: "node",
      packages: "external",
      logLevel: "error",
    });
    const made = readdirSync(place).map((file) => resolve(place, file));
    return spawnSync(process.execPath, ["--test", ...made], { cwd: folder, stdio: "inherit" }).status ?? 1;
  } finally {
    rmSync(place, { recursive: true });
  }
}
