import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { cx } from "./cx.ts";

/** Text for a terminal or a form elsewhere, with a button that copies exactly it. */
export function CopyText(props: { readonly text: string; readonly label: string; readonly wrap?: boolean }) {
  const { text, label, wrap = false } = props;
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 1_500);
    } catch {
      setCopied(false); // refused by the browser: the text stays selectable
    }
  };
  return (
    <div className="flex items-start gap-1 rounded-sm bg-sunken">
      {/* Scrolls sideways when long, so the keyboard must reach it. */}
      <pre
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        aria-label={label}
        className={cx(
          "min-w-0 flex-1 rounded-sm px-3 py-2 font-mono text-xs",
          wrap ? "break-all whitespace-pre-wrap" : "overflow-x-auto",
        )}
      >
        {text}
      </pre>
      <button
        type="button"
        onClick={() => void copy()}
        aria-label={copied ? `Copied: ${label}` : `Copy: ${label}`}
        className="grid size-9 shrink-0 place-items-center rounded-sm text-ink-soft hover:text-ink pointer-coarse:size-(--tap)"
      >
        {copied ? <Check className="size-4" aria-hidden="true" /> : <Copy className="size-4" aria-hidden="true" />}
      </button>
    </div>
  );
}
