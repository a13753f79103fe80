// `plugin.toml`: what a plugin says about itself, embedded in its bytes.

import { readFileSync } from "node:fs";

import { parse } from "smol-toml";

import { SERVICES } from "./kinds.js";

const NAME = /^[a-z][a-z0-9-]{0,63}$/;

const KEYS = ["name", "version", "kind", "description", "imports", "languages", "codes"];

/** Whether a text can name a plugin or be a code. */
export const isName = (text) => NAME.test(text);

/** Reads a manifest and refuses what the host would refuse. */
export function readManifest(path) {
  const source = readFileSync(path);
  const found = parse(source.toString("utf8"));
  const refuse = (reason) => {
    throw new Error(`${path}: ${reason}`);
  };
  for (const key of Object.keys(found)) if (!KEYS.includes(key)) refuse(`unknown key \`${key}\``);
  for (const key of KEYS.slice(0, 4)) if (typeof found[key] !== "string") refuse(`\`${key}\` is missing`);
  const manifest = { imports: {}, languages: [], codes: {}, ...found, source };
  for (const name of [manifest.name, ...Object.keys(manifest.codes)]) {
    if (!isName(name)) refuse(`\`${name}\` is no name: lower-case letters, digits and hyphens, starting with a letter`);
  }
  if (!Object.hasOwn(SERVICES, manifest.kind)) {
    refuse(`\`${manifest.kind}\` is no kind; kinds are ${Object.keys(SERVICES).join(", ")}`);
  }
  const allowed = SERVICES[manifest.kind];
  for (const service of Object.keys(manifest.imports)) {
    if (!allowed.includes(service)) {
      refuse(`a ${manifest.kind} cannot import \`${service}\`; it may import: ${allowed.join(", ") || "none"}`);
    }
  }
  return manifest;
}

/** The smallest world that the plugin fits: what is not in it is not imported. */
export function worldOf(manifest) {
  const imports = ["log", ...Object.keys(manifest.imports).sort()].map((service) => `    import ${service};\n`);
  return `package nl2sql:plugin@0.2.0;\n\nworld plugin {\n${imports.join("")}    export ${manifest.kind};\n}\n`;
}
