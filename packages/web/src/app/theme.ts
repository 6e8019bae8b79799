import { readStored, writeStored } from "../design/stored.ts";

/** "system" follows the device. Kept on this device only; `public/theme.js` reads the same key before the first paint. */
export type Theme = "system" | "light" | "dark";

export function storedTheme(): Theme {
  const stored = readStored("theme");
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  writeStored("theme", theme === "system" ? null : theme);
}
