import { useSyncExternalStore } from "react";

// Tailwind's `xl`: from here on the work stands beside the sections.
const wide = globalThis.matchMedia("(min-width: 80rem)");

function subscribe(listener: () => void): () => void {
  wide.addEventListener("change", listener);
  return () => wide.removeEventListener("change", listener);
}

/** Is there room for two columns? Asked in code only where a thing must not be on the page twice. */
export function useWide(): boolean {
  return useSyncExternalStore(subscribe, () => wide.matches);
}
