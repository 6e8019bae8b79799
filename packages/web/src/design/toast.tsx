import { createContext, useCallback, useContext, useMemo, useRef, useState } from "react";
import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { cx } from "./cx.ts";
import { KeyHint } from "./key-hint.tsx";

export type ToastSpec = {
  readonly says: string;
  readonly tone?: "plain" | "bad";
  readonly lastsMs?: number; // absent: eight seconds; a failure stays until it is put away
  readonly actions?: readonly { readonly label: string; readonly key?: string; readonly onPress: () => void }[];
};

type Toast = ToastSpec & { readonly id: number };

export type Toasts = {
  readonly show: (spec: ToastSpec) => number;
  readonly hide: (id: number) => void;
};

const ToastContext = createContext<Toasts | null>(null);
const lastsDefaultMs = 8_000;
const shownMax = 3;

export function useToasts(): Toasts {
  const toasts = useContext(ToastContext);
  if (toasts === null) throw new Error("ToastProvider is missing");
  return toasts;
}

/** Short words at the lower edge, read out politely. They never take focus and never cover what is being typed. */
export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [shown, setShown] = useState<readonly Toast[]>([]);
  const nextId = useRef(1);
  const hide = useCallback((id: number) => setShown((now) => now.filter((toast) => toast.id !== id)), []);
  const show = useCallback(
    (spec: ToastSpec) => {
      const id = nextId.current++;
      setShown((now) => [...now.slice(-(shownMax - 1)), { ...spec, id }]);
      if (spec.tone !== "bad") setTimeout(() => hide(id), spec.lastsMs ?? lastsDefaultMs);
      return id;
    },
    [hide],
  );
  const toasts = useMemo(() => ({ show, hide }), [show, hide]);
  return (
    <ToastContext value={toasts}>
      {children}
      <output className="pointer-events-none fixed inset-x-3 bottom-18 z-40 grid justify-items-center gap-2 md:bottom-5">
        {shown.map((toast) => (
          <ToastView key={toast.id} toast={toast} onHide={() => hide(toast.id)} />
        ))}
      </output>
    </ToastContext>
  );
}

function ToastView({ toast, onHide }: { readonly toast: Toast; readonly onHide: () => void }) {
  return (
    <div
      className={cx(
        "rise pointer-events-auto flex max-w-xl flex-wrap items-center gap-x-3 gap-y-1 rounded-md border py-1.5 pr-1.5 pl-4 text-sm shadow-overlay",
        toast.tone === "bad" ? "border-bad bg-bad-wash text-ink" : "border-line-strong bg-surface text-ink",
      )}
    >
      <p className="py-1.5">{toast.says}</p>
      <div className="ml-auto flex gap-1">
        {toast.actions?.map((action) => (
          <Button key={action.label} look="quiet" onClick={action.onPress}>
            {action.label}
            {action.key === undefined ? null : <KeyHint keys={action.key} />}
          </Button>
        ))}
        {toast.tone === "bad" ? (
          <Button look="quiet" onClick={onHide}>
            Put away
          </Button>
        ) : null}
      </div>
    </div>
  );
}
