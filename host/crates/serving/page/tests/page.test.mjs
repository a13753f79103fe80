// The page in a real browser, on a real run: `node page.test.mjs`, called by tests/page.rs, which makes the run and starts the server.
//
// NL2SQL_PAGE_URL: the server. NL2SQL_PAGE_PROGRAM: the program, for work that goes on while the page looks. NL2SQL_PAGE_PROJECT: where its
// profile is. NL2SQL_PAGE_BROWSER: Chromium. NL2SQL_PAGE_SHOTS: a folder for pictures, if they are wanted.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const { NL2SQL_PAGE_URL: url, NL2SQL_PAGE_PROGRAM: program, NL2SQL_PAGE_PROJECT: project } = process.env;
const { NL2SQL_PAGE_BROWSER: executablePath, NL2SQL_PAGE_SHOTS: shots } = process.env;
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let profile;
let context;
let page;
const problems = [];

/** What a browser complains of is a failure of the page, but for answers that the page expects. */
function watchForProblems(page) {
  page.on("pageerror", (error) => problems.push(`${error}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(`${message.text()} ${message.location().url}`);
  });
}

before(async () => {
  profile = await mkdtemp(join(tmpdir(), "nl2sql-page-"));
  context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: FLAGS,
    headless: true,
    viewport: { width: 1400, height: 900 },
    colorScheme: "light",
    locale: "en",
    // axe is put into the page from outside.
    bypassCSP: true,
  });
  page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(10_000);
  watchForProblems(page);
});

after(async () => {
  await context?.close();
  await rm(profile, { recursive: true, force: true });
});

async function show(view, heading) {
  await page.goto(`${url}/#/${view}`);
  if (heading) await page.getByRole("heading", { name: heading, exact: true }).first().waitFor();
}

/** No barrier in either scheme of colours, nothing beyond the edge on a phone, and a picture of each where they are wanted. */
async function isAccessible(name) {
  for (const [width, height] of [
    [1400, 900],
    [400, 800],
  ]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(60);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${name} is ${over} pixels too wide at ${width}`);
      if (shots) await page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`) });
      // Widths differ in layout, schemes in contrast.
      if (width === 400 && colorScheme === "dark") continue;
      await page.evaluate(axe);
      const { violations } = await page.evaluate((runOnly) => globalThis.axe.run({ runOnly }), RULES);
      const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
      assert.deepEqual(told, [], `${name} at ${width}, ${colorScheme}`);
    }
  }
  await page.setViewportSize({ width: 1400, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
}

function nl2sql(...parts) {
  return promisify(execFile)(program, parts, { cwd: project, env: { ...process.env, NO_COLOR: "1" } });
}

test("runs are listed, and one that begins elsewhere appears by itself", async () => {
  await show("runs", "Runs");
  await page.getByRole("link", { name: "shop", exact: true }).waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  await isAccessible("runs");
  await nl2sql("run", "--quiet", "--set", "run.name=later", "--run-dir", "runs/later");
  await page.getByRole("link", { name: "later", exact: true }).waitFor();
});

test("the overview follows a run of another process", async () => {
  await show("runs/later", "later");
  await page.getByText("34 pairs accepted").waitFor({ state: "detached" });
  await page.getByText("24 pairs accepted").waitFor();
  await nl2sql("run", "--quiet", "--set", "run.name=later", "--set", "plan.total=34", "--redo", "--run-dir", "runs/later");
  await page.getByText("34 pairs accepted").waitFor();
  await isAccessible("overview");
});

test("coverage is shown by topic, table and column", async () => {
  await show("runs/shop/coverage", "Topics");
  await page.locator("summary", { hasText: "customers" }).first().click();
  await page.getByRole("progressbar", { name: "customers.city" }).waitFor();
  await isAccessible("coverage");
});

test("a pair is reviewed by keyboard alone, and the decision reaches the export", async () => {
  await show("runs/shop/pairs");
  // As somebody finds it who has clicked nothing yet.
  await page.reload();
  const list = page.getByRole("listbox");
  await list.waitFor();
  await page.locator(".row-question").first().waitFor();
  // From the beginning of the page to the list by Tab; the skip link comes first.
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.className), "skip");
  for (let presses = 0; presses < 40; presses++) {
    if (await list.evaluate((list) => list === document.activeElement)) break;
    await page.keyboard.press("Tab");
  }
  assert.ok(await list.evaluate((list) => list === document.activeElement), "Tab reaches the list");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("b");
  await page.locator(".row", { hasText: "banned" }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("a");
  await page.locator(".row", { hasText: "approved" }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("e");
  await page.getByLabel("SQL", { exact: true }).fill("SELECT\n  town FROM customers");
  await page.getByRole("button", { name: "Judge and keep" }).press("Enter");
  // The place is marked in the statement.
  const mark = page.locator("article mark.error");
  await mark.waitFor();
  assert.match(await mark.innerText(), /town/);
  await isAccessible("pair-rejected");
  await page.getByRole("button", { name: "Edit", exact: true }).press("Enter");
  await page.getByLabel("Question", { exact: true }).fill("Which cities?");
  await page.getByLabel("SQL", { exact: true }).fill("SELECT DISTINCT city FROM customers");
  await page.getByRole("button", { name: "Judge and keep" }).press("Enter");
  await page.getByText("reaches the next export", { exact: true }).waitFor();
  await page.getByRole("heading", { name: "As it was generated" }).waitFor();
  // Another browser, and this one after a reload, see the same.
  const other = await context.newPage();
  watchForProblems(other);
  await other.goto(`${url}/#/runs/shop/pairs?review=edited`);
  await other.locator(".row", { hasText: "Which cities?" }).waitFor();
  await other.close();
  await page.reload();
  await page.locator(".row", { hasText: "Which cities?" }).waitFor();
  await nl2sql("run", "--quiet");
  const exported = await Promise.all(
    ["train", "dev", "test"].map((split) => readFile(join(project, `runs/shop/export/shop_${split}.jsonl`), "utf8").catch(() => "")),
  );
  assert.match(exported.join(""), /"question":"Which cities\?","query":"SELECT DISTINCT city FROM customers"/);
});

test("what another browser decides appears by itself", async () => {
  await show("runs/shop/pairs?review=banned");
  const row = page.locator(".row");
  await row.first().waitFor();
  const other = await context.newPage();
  await other.goto(`${url}/#/runs/shop/pairs?review=banned`);
  await other.locator(".row").first().click();
  await other.getByRole("button", { name: "Undo" }).click();
  await page.getByText("No pair matches.").waitFor();
  await other.close();
});

test("rejected pairs are shown by validator and rule", async () => {
  // One that people edited into a wrong statement counts as well.
  await show("runs/shop/pairs");
  await page.locator(".row").nth(6).click();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByLabel("SQL", { exact: true }).fill("SELECT height FROM customers");
  await page.getByRole("button", { name: "Judge and keep" }).click();
  await page.locator("article mark.error").waitFor();
  await show("runs/shop/rejected", "Why pairs were rejected");
  await isAccessible("rejected");
  await page.getByRole("link", { name: "unknown-column" }).click();
  await page.locator(".row", { hasText: "SELECT height" }).waitFor();
});

test("a training is drawn while it goes on, and runs are laid over each other", async () => {
  await show("runs/shop/training");
  await page.locator("figcaption", { hasText: "Loss" }).first().waitFor();
  await page.getByText("Step 4 of 4").waitFor();
  const training = nl2sql("train", "--quiet", "--set", "train.max_steps=6", "--set", 'train.dataset=["later_train"]', "--run-dir", "runs/later");
  await page.getByRole("checkbox", { name: "later" }).waitFor();
  await show("runs/later/training");
  await page.getByText(/Step \d of 6/).waitFor();
  await training;
  await page.getByText("Step 6 of 6").waitFor();
  await page.getByRole("checkbox", { name: "shop" }).check();
  await page.locator(".legend", { hasText: "shop: Loss" }).waitFor();
  await isAccessible("training");
});

test("an evaluation is shown question by question", async () => {
  await show("runs/shop/evaluation", "Questions");
  await page.getByRole("row", { name: /execution-match/ }).waitFor();
  await page.getByLabel("Change").selectOption("gained");
  const question = page.locator("details.question").first();
  await question.locator("summary").click();
  await question.locator("del, ins").first().waitFor();
  await question.getByRole("table").first().waitFor();
  await isAccessible("evaluation");
});

test("a question is answered with SQL, table and chart, and judged", async () => {
  await show("ask", "Ask");
  await page.getByLabel("Your question").fill("How many customers are there in each city?");
  await page.keyboard.press("Enter");
  await page.getByRole("cell", { name: "Oslo", exact: true }).waitFor();
  await page.getByRole("img", { name: "customers by city" }).waitFor();
  await isAccessible("ask");
  await page.getByRole("button", { name: "Right", exact: true }).click();
  await page.getByText("Kept, thank you.").waitFor();
});

test("the page speaks Chinese and keeps what was chosen", async () => {
  await show("runs", "Runs");
  await page.getByLabel("Language").selectOption("zh");
  await page.getByRole("heading", { name: "运行" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
  await page.getByLabel("配色").selectOption("dark");
  await page.reload();
  await page.getByRole("heading", { name: "运行" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  await show("runs/shop/pairs");
  await page.locator(".row").first().click();
  await isAccessible("chinese");
});

test("an address that was cut short shows the runs", async () => {
  await page.goto(`${url}/#/%E4%B8%`);
  await page.reload();
  await page.getByRole("link", { name: "shop", exact: true }).waitFor();
});

test("the browser had nothing to complain of", () => {
  // A part that a run does not have yet is asked for and answered with 404.
  const unexpected = problems.filter((problem) => !/404 \(Not Found\).*\/(training|evaluation|coverage)/.test(problem));
  assert.deepEqual(unexpected, []);
});
