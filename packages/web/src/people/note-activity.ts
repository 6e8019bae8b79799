import { useEffect } from "react";
import { request } from "../api/request.ts";

// The server's shortest idle time is a minute; half of it is soon enough, and no burden.
const everyMs = 30_000;

/** Tells the server that a person does something here. A page that keeps itself up to date asks for much, and counts as nothing. */
export function useNoteActivity(): void {
  useEffect(() => {
    let toldAtMs = Date.now();
    const note = (): void => {
      if (Date.now() - toldAtMs < everyMs) return;
      toldAtMs = Date.now();
      void request("/api/v1/session/active", { method: "POST" }).catch(() => null);
    };
    const kinds = ["pointerdown", "keydown", "scroll"] as const;
    for (const kind of kinds) globalThis.addEventListener(kind, note, { passive: true, capture: true });
    return () => {
      for (const kind of kinds) globalThis.removeEventListener(kind, note, { capture: true });
    };
  }, []);
}
