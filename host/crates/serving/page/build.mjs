// Bundles the page into the folder that is named: `node build.mjs target/page`. Names of files carry their digests, so that browsers may keep them.
import { build } from "esbuild";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2];
if (!folder) {
  console.error("usage: node build.mjs FOLDER");
  process.exit(2);
}
const drafts = `${folder}.draft`;
await rm(drafts, { recursive: true, force: true });
await mkdir(drafts, { recursive: true });
const result = await build({
  absWorkingDir: here,
  entryPoints: { page: "src/main.tsx" },
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  entryNames: "[name]-[hash]",
  outdir: drafts,
  metafile: true,
  legalComments: "inline",
  logLevel: "warning",
});
const made = Object.keys(result.metafile.outputs).map((path) => basename(path));
const script = made.find((name) => name.endsWith(".js"));
const style = made.find((name) => name.endsWith(".css"));
const shell = await readFile(join(here, "src/index.html"), "utf8");
await writeFile(join(drafts, "index.html"), shell.replace("{script}", script).replace("{style}", style));
// What is embedded is looked at again only when one of these files changed.
await mkdir(folder, { recursive: true });
await rm(folder, { recursive: true, force: true });
await cp(drafts, folder, { recursive: true });
await rm(drafts, { recursive: true, force: true });
