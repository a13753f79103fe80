"use strict";
const { rows, schemas } = JSON.parse(document.getElementById("data").textContent);
const find = document.getElementById("find");
const show = document.getElementById("show");
const list = document.getElementById("examples");
const LIMIT = 200;

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function isRight(row, side) {
  return row.runs[side] !== null && row.runs[side].value === 100;
}

function isShown(row) {
  switch (show.value) {
    case "won": return !isRight(row, 0) && isRight(row, 1);
    case "lost": return isRight(row, 0) && !isRight(row, 1);
    case "wrong": return !isRight(row, 1);
    case "right": return isRight(row, 1);
    default: return true;
  }
}

function resultTable(result) {
  if (!result) return element("span");
  if (result.error) return element("pre", "", result.error);
  const table = element("table");
  const head = table.insertRow();
  for (const column of result.columns || []) head.append(element("th", "", column));
  for (const cells of result.rows || []) {
    const line = table.insertRow();
    for (const cell of cells) line.append(element("td", "", cell === null ? "NULL" : cell));
  }
  if (result.more) table.insertRow().append(element("td", "", "…"));
  return table;
}

function answer(title, sql, labels, result) {
  const box = element("div");
  const head = element("strong", "", title);
  for (const name of ["outcome", "error-class"]) {
    if (labels && labels[name]) head.append(element("span", "tag " + labels[name], labels[name]));
  }
  box.append(head, element("pre", "", sql), resultTable(result));
  if (labels && labels.detail) box.append(element("small", "", labels.detail));
  return box;
}

function fill(box, row) {
  const schema = element("details");
  schema.append(element("summary", "", "schema of " + (row.database || "the database")), element("pre", "", schemas[row.database] || ""));
  const columns = element("div", "columns");
  const results = row.results || { runs: [null, null] };
  columns.append(answer("gold", row.gold, null, results.gold));
  ["before", "after"].forEach((title, side) => {
    const run = row.runs[side];
    if (run) columns.append(answer(title, run.sql, run.labels, results.runs[side]));
  });
  box.append(schema, columns);
}

function example(row) {
  const box = element("details");
  const summary = element("summary", "", `${row.id} · ${row.database} · ${row.question}`);
  row.runs.forEach((run) => {
    if (run && run.labels.outcome) summary.append(element("span", "tag " + run.labels.outcome, run.labels.outcome));
  });
  box.append(summary);
  box.addEventListener("toggle", () => { if (box.open && box.children.length === 1) fill(box, row); });
  return box;
}

function refresh() {
  const wanted = find.value.toLowerCase();
  const text = (row) => [row.id, row.database, row.question, row.gold, ...row.runs.map((run) => run ? run.sql : "")].join(" ").toLowerCase();
  const found = rows.filter((row) => isShown(row) && (!wanted || text(row).includes(wanted)));
  list.replaceChildren(...found.slice(0, LIMIT).map(example));
  document.getElementById("count").textContent =
    found.length > LIMIT ? `${LIMIT} of ${found.length} shown` : `${found.length} examples`;
}

find.addEventListener("input", refresh);
show.addEventListener("change", refresh);
refresh();
