import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

/** Nothing to show is an answer: it says why, and what to do about it if anything. */
export function EmptyState(props: {
  readonly icon: LucideIcon;
  readonly title: string;
  readonly children?: ReactNode;
}) {
  const Icon = props.icon;
  return (
    <div className="grid justify-items-center gap-2 px-6 py-14 text-center">
      <Icon className="size-7 text-ink-muted" strokeWidth={1.5} aria-hidden="true" />
      <p className="text-base font-semibold">{props.title}</p>
      {props.children === undefined ? null : <div className="max-w-md text-sm text-ink-muted">{props.children}</div>}
    </div>
  );
}
