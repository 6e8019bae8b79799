import { useState } from "react";
import { Dialog } from "../design/dialog.tsx";
import { useKeys } from "../design/keys.ts";

const shortcuts: readonly (readonly [string, string])[] = [
  ["J / K", "Queue: next and previous row"],
  ["Enter", "Queue: open the row"],
  ["R", "Queue: let new rows in"],
  ["T / F / U", "Incident: verdict true, false, unsure"],
  ["Z", "Incident: take the verdict back while it waits"],
  ["N", "Incident: next one in the queue"],
  ["1 to 6", "Incident: sections"],
  ["?", "This list"],
];

export function ShortcutsDialog() {
  const [open, setOpen] = useState(false);
  useKeys({ "?": () => setOpen(true) });
  return (
    <Dialog title="Keys" open={open} onClose={() => setOpen(false)}>
      <dl className="grid grid-cols-[6rem_minmax(0,1fr)] gap-x-4 gap-y-2 text-sm">
        {shortcuts.map(([keys, says]) => (
          <div key={keys} className="contents">
            <dt className="font-mono text-xs leading-5">{keys}</dt>
            <dd>{says}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
