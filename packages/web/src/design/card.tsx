import type { ReactNode } from "react";
import { cx } from "./cx.ts";

/** A section with a heading. `aside` stands at the right of the heading: a number, a badge, one button. */
export function Card(props: {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  readonly flush?: boolean; // true: the content brings its own padding (a table, a list)
  readonly className?: string;
}) {
  const { title, aside, children, flush = false, className } = props;
  return (
    <section className={cx("rounded-md border border-line bg-surface shadow-raised", className)}>
      <header className="flex min-h-11 flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2">
        <h2 className="text-sm font-semibold">{title}</h2>
        {aside}
      </header>
      <div className={cx("border-t border-line", !flush && "p-4")}>{children}</div>
    </section>
  );
}

/** Pairs of name and value; the values line up. */
export function Facts({ items }: { readonly items: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-4 gap-y-1.5 text-sm">
      {items.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-muted">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
