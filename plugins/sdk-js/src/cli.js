#!/usr/bin/env node
// The command `nl2sql-plugin`.

import { parseArgs } from "node:util";

import { build } from "./build.js";
import { test } from "./test_run.js";

const USAGE = `usage: nl2sql-plugin build [FOLDER] [--entry FILE] [--output FILE] [--wasi]
       nl2sql-plugin test [FOLDER]

build makes a component of the project in FOLDER (default: here), which holds plugin.toml and plugin.ts or plugin.js.
test runs its *.test.ts and *.test.js in node.

  --entry FILE   module that exports the plugin by default
  --output FILE  file to write (default: the plugin's name in the folder)
  --wasi         keep the imports of WASI; the host answers them from an empty world`;

async function main() {
  const options = {
    entry: { type: "string" },
    output: { type: "string" },
    wasi: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [command, folder, ...rest] = positionals;
  if (command === "test" && rest.length === 0) return test(folder);
  if (values.help || command !== "build" || rest.length > 0) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const { file, size } = await build({ folder, ...values });
  console.log(`${file}: ${size} bytes`);
  return 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (failure) => {
    console.error(`error: ${failure.message}`);
    process.exitCode = 2;
  },
);
