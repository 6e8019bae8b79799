import { X } from "lucide-react";
import type { ReactNode } from "react";
import { useEffect, useId, useRef } from "react";
import { Button } from "./button.tsx";
import { cx } from "./cx.ts";

/**
 * A question that must be answered first. The browser's own modal dialog: it traps focus, makes the rest inert, closes on Escape and
 * gives focus back, without the style element that a library would inject and the page's security policy would refuse.
 */
export function Dialog(props: {
  readonly title: string;
  readonly open: boolean;
  readonly wide?: boolean; // true: for texts that are read side by side with what they come from
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const { title, open, wide = false, onClose, children } = props;
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = element.current;
    if (dialog === null) return;
    if (open && !dialog.open) dialog.showModal();
    if (!open && dialog.open) dialog.close();
  }, [open]);
  return (
    <dialog
      ref={element}
      aria-labelledby={titleId}
      // React hands the close of a dialog within on to this one, which stays.
      onClose={(event) => (event.target === event.currentTarget ? onClose() : undefined)}
      className={cx(
        "m-auto rounded-lg bg-surface p-0 text-ink shadow-overlay",
        wide ? "w-[min(46rem,calc(100vw-2rem))]" : "w-[min(32rem,calc(100vw-2rem))]",
      )}
    >
      {open ? (
        <div className="rise">
          <header className="flex items-center justify-between border-b border-line py-2 pr-2 pl-5">
            <h2 id={titleId} className="text-base font-semibold">
              {title}
            </h2>
            <Button look="quiet" onClick={onClose} aria-label="Close">
              <X className="size-4" aria-hidden="true" />
            </Button>
          </header>
          <div className="p-5">{children}</div>
        </div>
      ) : (
        <h2 id={titleId} hidden>
          {title}
        </h2>
      )}
    </dialog>
  );
}
