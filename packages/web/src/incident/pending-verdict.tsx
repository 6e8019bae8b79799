import { useQueryClient } from "@tanstack/react-query";
import type { Verdict } from "@tillwatch/wire";
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { problemFrom, request } from "../api/request.ts";
import { useToasts } from "../design/toast.tsx";
import { verdictWords } from "../design/words.ts";

/** Long enough to notice a slip of the finger, short enough that the verdict is recorded within five seconds of the key. */
const holdMs = 4_000;

export type PendingVerdict = { readonly id: string; readonly ref: string; readonly verdict: Verdict };

export type Verdicts = {
  readonly pending: PendingVerdict | null;
  readonly give: (verdict: PendingVerdict) => void;
  readonly undo: () => void;
};

const VerdictContext = createContext<Verdicts | null>(null);

export function useVerdicts(): Verdicts {
  const verdicts = useContext(VerdictContext);
  if (verdicts === null) throw new Error("VerdictProvider is missing");
  return verdicts;
}

/**
 * A verdict waits a moment before it is sent, so that undo leaves no trace to correct. It stands above the pages: going on to the next
 * incident does not lose it, a second verdict sends the first at once, and so does closing the page. Until the server has answered,
 * the words say "saving", never "saved".
 */
export function VerdictProvider({ children }: { readonly children: ReactNode }) {
  const queries = useQueryClient();
  const toasts = useToasts();
  const [pending, setPending] = useState<PendingVerdict | null>(null);
  const waiting = useRef<{ verdict: PendingVerdict; timer: ReturnType<typeof setTimeout>; toast: number } | null>(null);

  const take = useCallback(() => {
    const taken = waiting.current;
    waiting.current = null;
    if (taken === null) return null;
    clearTimeout(taken.timer);
    toasts.hide(taken.toast);
    setPending(null);
    return taken.verdict;
  }, [toasts]);

  const send = useCallback(async () => {
    const verdict = take();
    if (verdict === null) return;
    try {
      await request<unknown>(`/api/v1/incidents/${verdict.id}/verdict`, {
        method: "POST",
        body: { verdict: verdict.verdict },
        keepalive: true,
      });
      toasts.show({ says: `Saved: ${verdict.ref} is ${verdictWords[verdict.verdict].toLowerCase()}.`, lastsMs: 3_000 });
    } catch (fault) {
      const problem = problemFrom(fault);
      toasts.show({
        says: `Not saved: the verdict on ${verdict.ref}. ${problem.detail} (${problem.code})`,
        tone: "bad",
      });
    }
    await queries.invalidateQueries({ queryKey: ["incident", verdict.id] });
  }, [take, toasts, queries]);

  const undo = useCallback(() => {
    const verdict = take();
    if (verdict !== null) toasts.show({ says: `Taken back: nothing was recorded on ${verdict.ref}.`, lastsMs: 3_000 });
  }, [take, toasts]);

  const give = useCallback(
    (verdict: PendingVerdict) => {
      void send();
      const toast = toasts.show({
        says: `${verdict.ref}: ${verdictWords[verdict.verdict]}. Saving in ${holdMs / 1000} s`,
        lastsMs: holdMs,
        actions: [{ label: "Undo", key: "Z", onPress: undo }],
      });
      waiting.current = { verdict, toast, timer: setTimeout(() => void send(), holdMs) };
      setPending(verdict);
    },
    [send, toasts, undo],
  );

  useEffect(() => {
    const leave = (): void => void send();
    globalThis.addEventListener("pagehide", leave);
    return () => globalThis.removeEventListener("pagehide", leave);
  }, [send]);

  const verdicts = useMemo(() => ({ pending, give, undo }), [pending, give, undo]);
  return <VerdictContext value={verdicts}>{children}</VerdictContext>;
}
