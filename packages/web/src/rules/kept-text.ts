import { useState } from "react";

/** The text of a rule as it is typed, and the version over which it was: null for a new rule. */
export type KeptText = { readonly text: string; readonly over: number | null };

// As the words of a report, it lives with this tab only (session storage) and goes when the tab is closed, the text is saved, or someone signs out.
const prefix = "tillwatch.rule.";

/** What was typed and not saved, over a reload and another page too. `name`: the id of the rule, or which new one it is. */
export function useKeptText(name: string): readonly [KeptText | null, (kept: KeptText | null) => void] {
  const [kept, setKept] = useState(() => readText(name));
  const keep = (typed: KeptText | null): void => {
    setKept(typed);
    keepText(name, typed);
  };
  return [kept, keep];
}

function readText(name: string): KeptText | null {
  try {
    const raw = JSON.parse(sessionStorage.getItem(prefix + name) ?? "null") as Partial<KeptText> | null;
    if (typeof raw?.text !== "string") return null;
    return { text: raw.text, over: typeof raw.over === "number" ? raw.over : null };
  } catch {
    return null;
  }
}

function keepText(name: string, typed: KeptText | null): void {
  try {
    if (typed === null) sessionStorage.removeItem(prefix + name);
    else sessionStorage.setItem(prefix + name, JSON.stringify(typed));
  } catch {
    // Storage refused or full: the text then lives in the open page only.
  }
}

export function forgetRuleTexts(): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(prefix)) sessionStorage.removeItem(key);
  } catch {
    // as above
  }
}
