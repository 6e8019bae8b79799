import { cx } from "./cx.ts";

/** A bar in the place of a text to come. Its size is the size of what it stands for, so that nothing moves when that arrives. */
export function Skeleton({ className }: { readonly className: string }) {
  return <span aria-hidden="true" className={cx("skeleton block rounded-xs", className)} />;
}

export function SkeletonLines({ lines, says }: { readonly lines: number; readonly says: string }) {
  return (
    <output className="grid gap-3 p-4">
      <span className="sr-only">{says}</span>
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} className={cx("h-4", line % 3 === 2 ? "w-2/3" : "w-full")} />
      ))}
    </output>
  );
}
