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

/** A colour of the style sheet, for charts. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
