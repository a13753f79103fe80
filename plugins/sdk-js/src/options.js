// A plugin's options: the JSON that the profile gives it.

import { PluginError } from "./errors.js";

export function parseOptions(options, defaults) {
  let given;
  try {
    given = JSON.parse(options.trim() || "{}");
  } catch (reason) {
    throw refused(`they are no JSON: ${reason.message}`);
  }
  if (typeOf(given) !== "object") throw refused(`${JSON.stringify(given)} is no object`);
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, name)) {
      throw refused(`unknown option \`${name}\`; known are ${Object.keys(defaults).join(", ") || "none"}`);
    }
    const expected = typeOf(defaults[name]);
    // A default of null says that there may be one, not of what type.
    if (expected !== "null" && typeOf(value) !== expected) {
      throw refused(`option \`${name}\` is ${JSON.stringify(value)}, expected ${expected}`);
    }
  }
  return { ...defaults, ...given };
}

function typeOf(value) {
  if (value === null) return "null";
  return Array.isArray(value) ? "list" : typeof value;
}

function refused(reason) {
  return new PluginError(
    "bad-options",
    `the options are not what this plugin takes: ${reason}`,
    "correct the plugin's options in the profile",
  );
}
