"use strict";
const filter = document.getElementById("filter");
if (filter) {
  const find = document.getElementById("find");
  const count = document.getElementById("count");
  const questions = Array.from(document.querySelectorAll(".question"), (box) => ({
    box,
    change: box.dataset.change,
    text: box.textContent.toLowerCase(),
  }));

  const refresh = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const change = filter.elements.show.value;
    let shown = 0;
    for (const question of questions) {
      const isShown = (change === "all" || question.change === change) && words.every((word) => question.text.includes(word));
      question.box.hidden = !isShown;
      shown += isShown ? 1 : 0;
    }
    count.textContent = `${shown} of ${questions.length} shown`;
  };

  filter.hidden = false;
  filter.addEventListener("input", refresh);
  filter.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && event.target.tagName !== "INPUT") {
      event.preventDefault();
      find.focus();
    } else if (event.key === "Escape" && event.target === find) {
      find.value = "";
      refresh();
    }
  });
  refresh();
}
