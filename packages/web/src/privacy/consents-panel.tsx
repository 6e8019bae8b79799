import { useQuery } from "@tanstack/react-query";
import type { ConsentTextView } from "@tillwatch/wire";
import { FileText } from "lucide-react";
import { useState } from "react";
import { useMay } from "../app/may.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { Dialog } from "../design/dialog.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { Moment } from "../design/time.tsx";
import { AddTextForm } from "./consent-forms.tsx";
import { Loaded } from "./loaded.tsx";
import { PersonConsents } from "./person-consents.tsx";
import { consentTextsQuery } from "./privacy-queries.ts";

/** Texts that people agree to, each version for good; and what one person agreed to, with the version of the text. */
export function ConsentsPanel() {
  const texts = useQuery(consentTextsQuery);
  const writes = useMay()("privacy:write");
  const [adding, setAdding] = useState(false);
  return (
    <div className="grid items-start gap-4 xl:grid-cols-2">
      <Card
        title="Texts that people agree to"
        flush
        aside={writes ? <Button onClick={() => setAdding(true)}>Add a version</Button> : undefined}
      >
        <Loaded query={texts} says="Loading the texts">
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState icon={FileText} title="No text yet">
                A consent names the version of the text that the person saw. Add the text first.
              </EmptyState>
            ) : (
              <ul>
                {items.map((text) => (
                  <TextLine key={`${text.id}/${text.version}/${text.language}`} text={text} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Card>
      <PersonConsents texts={texts.data?.items ?? []} writes={writes} />
      <Dialog title="Add a version of a text" open={adding} onClose={() => setAdding(false)}>
        <AddTextForm onDone={() => setAdding(false)} />
      </Dialog>
    </div>
  );
}

function TextLine({ text }: { readonly text: ConsentTextView }) {
  return (
    <li className="border-b border-line last:border-0">
      <details>
        <summary className="grid gap-0.5 px-4 py-2.5 text-sm -outline-offset-2 hover:bg-hover">
          <span className="font-medium">
            {text.id}, version {text.version} ({text.language})
          </span>
          <span className="text-xs text-ink-muted">
            for {text.purpose.replaceAll("_", " ")} · <Moment at={text.at} /> ·{" "}
            {text.inForce === 1 ? "1 person agrees" : `${text.inForce.toLocaleString()} people agree`}
          </span>
        </summary>
        <div className="grid gap-2 bg-sunken px-4 py-3">
          <p className="text-sm break-words whitespace-pre-wrap">{text.content}</p>
          <p className="font-mono text-2xs break-all text-ink-muted">SHA-256 {text.sha256}</p>
        </div>
      </details>
    </li>
  );
}
