import type { ButtonHTMLAttributes, ReactNode } from "react";
import { cx } from "./cx.ts";

type ButtonLook = "primary" | "plain" | "quiet" | "danger";

const looks: Readonly<Record<ButtonLook, string>> = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong border-transparent",
  plain: "bg-surface text-ink border-line-strong hover:bg-hover",
  quiet: "bg-transparent text-ink-soft border-transparent hover:bg-sunken hover:text-ink",
  danger: "bg-surface text-bad border-bad hover:bg-bad-wash",
};

export function buttonClass(look: ButtonLook, large = false): string {
  return cx(
    "inline-flex items-center justify-center gap-2 rounded-sm border font-medium whitespace-nowrap select-none",
    "transition-colors duration-(--motion-quick) disabled:opacity-55 aria-disabled:opacity-55",
    large ? "min-h-12 px-5 text-base" : "min-h-9 px-3 text-sm pointer-coarse:min-h-(--tap)",
    looks[look],
  );
}

/** `busy` keeps the width and the words: a button that changes size under a finger is pressed twice. */
export function Button(
  props: ButtonHTMLAttributes<HTMLButtonElement> & {
    readonly look?: ButtonLook;
    readonly large?: boolean;
    readonly busy?: boolean;
    readonly children: ReactNode;
  },
) {
  const { look = "plain", large = false, busy = false, className, children, disabled, type, ...rest } = props;
  return (
    <button
      {...rest}
      type={type === "submit" ? "submit" : "button"}
      disabled={disabled === true || busy}
      aria-busy={busy || undefined}
      className={cx(buttonClass(look, large), className)}
    >
      {children}
      {busy ? <BusyDots /> : null}
    </button>
  );
}

function BusyDots() {
  return (
    <span aria-hidden="true" className="inline-flex gap-0.5">
      {[0, 1, 2].map((dot) => (
        <span key={dot} className="size-1 animate-pulse rounded-full bg-current" />
      ))}
    </span>
  );
}
