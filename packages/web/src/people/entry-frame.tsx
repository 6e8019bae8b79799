import type { ReactNode } from "react";

/** The frame of pages for who is not signed in. */
export function EntryFrame(props: {
  readonly title: string;
  readonly says: string;
  readonly documentTitle: string;
  readonly children: ReactNode;
}) {
  return (
    <main id="main" className="grid min-h-dvh place-items-center p-4">
      <title>{`${props.documentTitle} · Tillwatch`}</title>
      <div className="grid w-full max-w-md gap-5 rounded-lg border border-line bg-surface p-6 shadow-raised">
        <div className="flex items-center gap-3">
          <img src="/mark.svg" alt="" className="size-9" />
          <div className="min-w-0">
            <h1 className="text-lg font-semibold">{props.title}</h1>
            <p className="text-sm text-ink-muted">{props.says}</p>
          </div>
        </div>
        {props.children}
      </div>
    </main>
  );
}
