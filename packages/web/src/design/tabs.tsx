import { Tabs as RadixTabs } from "radix-ui";
import { useEffect, useRef, type ReactNode } from "react";

export type Tab = { readonly id: string; readonly label: string; readonly count?: number };

/** Tabs of one page. The list scrolls sideways on a phone instead of wrapping into a second row. */
export function Tabs(props: {
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly value: string;
  readonly onChange: (id: string) => void;
  readonly children: ReactNode;
}) {
  const strip = useRef<HTMLDivElement>(null);
  const shown = useRef<string | null>(null);
  useEffect(() => {
    if (shown.current === props.value) return;
    shown.current = props.value;
    // On a phone the chosen tab may lie outside of the strip. Only the strip scrolls, never the page.
    const chosen = strip.current?.querySelector<HTMLElement>('[data-state="active"]');
    if (strip.current === null || chosen === null || chosen === undefined) return;
    const outside = chosen.offsetLeft + chosen.offsetWidth - strip.current.clientWidth;
    strip.current.scrollLeft = Math.min(Math.max(strip.current.scrollLeft, outside), chosen.offsetLeft);
  });
  return (
    <RadixTabs.Root value={props.value} onValueChange={props.onChange}>
      <div ref={strip} className="relative overflow-x-auto border-b border-line [scrollbar-width:none]">
        <RadixTabs.List aria-label={props.label} className="flex min-w-max gap-1">
          {props.tabs.map((tab) => (
            <RadixTabs.Trigger
              key={tab.id}
              value={tab.id}
              className="-mb-px inline-flex min-h-10 items-center gap-1.5 border-b-2 border-transparent px-3 text-sm font-medium text-ink-muted -outline-offset-2 hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink pointer-coarse:min-h-(--tap)"
            >
              {tab.label}
              {tab.count === undefined ? null : <span className="text-xs font-normal text-ink-muted">{tab.count}</span>}
            </RadixTabs.Trigger>
          ))}
        </RadixTabs.List>
      </div>
      {props.children}
    </RadixTabs.Root>
  );
}

export function TabPanel({ id, children }: { readonly id: string; readonly children: ReactNode }) {
  return (
    <RadixTabs.Content value={id} className="rounded-sm pt-4">
      {children}
    </RadixTabs.Content>
  );
}
