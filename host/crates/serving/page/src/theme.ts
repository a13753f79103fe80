// Light or dark: as the system says, unless the reader chose.

export type Theme = "system" | "light" | "dark";

const KEPT = "nl2sql-theme";

export function readTheme(): Theme {
  const kept = localStorage.getItem(KEPT);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function applyTheme(theme: Theme): void {
  if (theme === "system") {
    delete document.documentElement.dataset["theme"];
    localStorage.removeItem(KEPT);
  } else {
    document.documentElement.dataset["theme"] = theme;
    localStorage.setItem(KEPT, theme);
  }
  dispatchEvent(new Event("themechange"));
}

/** A colour of the style sheet as it is now, for charts: they draw on a canvas, which knows no variables. */
export function colour(name: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** Calls `redraw` when the colours change, until the answer is called. */
export function onThemeChange(redraw: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  addEventListener("themechange", redraw);
  system.addEventListener("change", redraw);
  return () => {
    removeEventListener("themechange", redraw);
    system.removeEventListener("change", redraw);
  };
}
