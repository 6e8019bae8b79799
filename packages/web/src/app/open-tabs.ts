import type { Tab } from "../design/tabs.tsx";
import type { Action, May } from "./may.ts";

/** A tab with what one needs to see anything in it: one of `any`. */
export type GuardedTab = Tab & { readonly any: readonly Action[] };

/** The tabs that have something for whoever is signed in, and the one to show: what was asked for, else the first of them. */
export function openTabs<Of extends GuardedTab>(
  tabs: readonly Of[],
  asked: string | undefined,
  may: May,
): { readonly tabs: readonly Of[]; readonly value: string } {
  const open = tabs.filter(({ any }) => any.some(may));
  const value = (open.find(({ id }) => id === asked) ?? open[0])?.id ?? "";
  return { tabs: open, value };
}
