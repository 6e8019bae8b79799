import { useState } from "react";
import { Button } from "../design/button.tsx";
import type { KeptText } from "./kept-text.ts";

type Given = { readonly kept: KeptText | null; readonly latest: number | null; readonly onDrop: () => void };

/** Says that the text is one from before, which was not saved, and offers to drop it. `latest`: the version that it would follow; null: none. */
export function UnsavedNote({ kept, latest, onDrop }: Given) {
  // What is typed from here on needs no word; what was found does.
  const [found] = useState(kept !== null);
  if (kept === null || !found) return null;
  const newer = latest !== null && kept.over !== latest;
  return (
    <output className="mb-3 flex flex-wrap items-center justify-between gap-2 rounded-sm bg-warn-wash px-3 py-2 text-sm">
      <span>
        This is what you typed before and did not save.
        {newer ? ` Version ${latest} was written since: what yours would change of it stands below.` : ""}
      </span>
      <Button look="plain" onClick={onDrop}>
        Drop it
      </Button>
    </output>
  );
}
