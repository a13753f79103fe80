// `nl2sql-plugin build`: a component of a project's folder, by esbuild and componentize-qjs.

import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { componentize } from "componentize-qjs";
import { build as bundle } from "esbuild";

import { withManifest } from "./component.js";
import { readManifest, worldOf } from "./manifest.js";

const SOURCES = dirname(fileURLToPath(import.meta.url));

const CONTRACT = join(SOURCES, "..", "wit");

const ENTRIES = ["plugin.ts", "plugin.js", "src/plugin.ts", "src/plugin.js"];

/** Builds the plugin that a module of a folder with a `plugin.toml` exports by default. Gives the file and its size. */
export async function build({ folder = ".", entry, output, wasi = false }) {
  const manifest = readManifest(join(folder, "plugin.toml"));
  const file = output ?? join(folder, `${manifest.name.replaceAll("-", "_")}.wasm`);
  const source = await bundled(resolve(folder, entry ?? foundEntry(folder)), manifest);
  const place = mkdtempSync(join(tmpdir(), "nl2sql-plugin-"));
  try {
    cpSync(CONTRACT, place, { recursive: true, dereference: true });
    writeFileSync(join(place, "plugin.wit"), worldOf(manifest));
    const { component } = await componentize({
      witPath: place,
      world: "plugin",
      jsSource: source,
      sync: true,
      optSize: true,
      stubWasi: !wasi,
    });
    const bytes = withManifest(component, manifest.source);
    writeFileSync(file, bytes);
    return { file, size: bytes.length };
  } finally {
    rmSync(place, { recursive: true });
  }
}

function foundEntry(folder) {
  const found = ENTRIES.find((entry) => existsSync(join(folder, entry)));
  if (!found) throw new Error(`${resolve(folder)} has no module ${ENTRIES.join(", ")}; name one with --entry`);
  return found;
}

/** The project, its dependencies and the SDK as one module that imports nothing but the host. */
async function bundled(entry, manifest) {
  const services = ["log", ...Object.keys(manifest.imports).sort()];
  const app = [
    ...services.map((service) => `import ${service} from "nl2sql:plugin/${service}@0.2.0";`),
    `import { exported } from ${JSON.stringify(join(SOURCES, "guest.js"))};`,
    `import plugin from ${JSON.stringify(entry)};`,
    `export const ${manifest.kind} = exported(plugin, ${JSON.stringify(manifest.kind)}, { ${services.join(", ")} });`,
  ];
  const made = await bundle({
    stdin: { contents: app.join("\n"), resolveDir: dirname(entry), sourcefile: "nl2sql-plugin-app.js" },
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "es2022",
    external: ["nl2sql:plugin/*"],
    logLevel: "silent",
  });
  return made.outputFiles[0].text;
}
