// Pictures of the page for the book: `node tests/pictures.mjs <server> <run> <folder>`.
//
// NL2SQL_PAGE_BROWSER: Chromium. What they show is what the run has; `cargo xtask demo --train` makes one that has everything.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [url, run, folder] = process.argv.slice(2);
const profile = await mkdtemp(join(tmpdir(), "nl2sql-page-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.NL2SQL_PAGE_BROWSER,
  args: ["--no-sandbox", "--disable-gpu"],
  headless: true,
  viewport: { width: 1400, height: 900 },
  locale: "en",
});
const page = context.pages()[0] ?? (await context.newPage());

async function picture(name, view, colorScheme, prepare) {
  await page.emulateMedia({ colorScheme });
  await page.goto(`${url}/#/${view}`);
  await prepare();
  // Plots are drawn after their data came.
  await page.waitForTimeout(800);
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

// An edit that the run's validators reject, taken back afterwards.
await picture("pairs", `runs/${run}/pairs`, "light", async () => {
  await page.locator(".row").nth(3).click();
  const sql = page.getByLabel("SQL", { exact: true });
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await sql.fill("SELECT name,\n       stadium_nme\nFROM stadium\nWHERE capacity > 5000");
  await page.getByRole("button", { name: "Judge and keep" }).click();
  await page.locator("article mark.error").waitFor();
});
await page.getByRole("button", { name: "Undo" }).click();
await page.getByRole("heading", { name: "As it was generated" }).waitFor({ state: "detached" });
await picture("training", `runs/${run}/training`, "dark", () =>
  page.locator("figcaption", { hasText: "Loss" }).first().waitFor(),
);

await context.close();
await rm(profile, { recursive: true, force: true });
