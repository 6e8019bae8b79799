import { useEffect, useRef } from "react";

/**
 * Single keys for the whole page, by `KeyboardEvent.key` in lower case. They are quiet while someone types, while a dialog is open, and
 * with any modifier held, so that the browser's and the screen reader's own keys stay theirs.
 */
export function useKeys(keys: Readonly<Record<string, () => void>>): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (isTyping(event.target) || document.querySelector("dialog[open]") !== null) return;
      const act = latest.current[event.key.toLowerCase()];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

/** A checkbox takes the space bar alone: letters stay keys of the page when it was clicked last. */
function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement && /^(?:checkbox|radio|button|submit|file)$/.test(target.type)) return false;
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
