// Before packing: the contract as a folder of its own, for npm packs no links.

import { cpSync, realpathSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const wit = join(dirname(fileURLToPath(import.meta.url)), "..", "wit");
const contract = realpathSync(wit);
if (contract !== wit) {
  rmSync(wit);
  cpSync(contract, wit, { recursive: true });
}
