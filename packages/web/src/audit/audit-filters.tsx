import { useState } from "react";
import type { AuditFilter } from "../api/queries.ts";
import { Button } from "../design/button.tsx";
import { TextField } from "../design/field.tsx";

// Suggestions only: what people look for. Any other kind can be typed as it stands in the log.
const kinds = [
  "decision.made",
  "directory.changed",
  "incident.field_changed",
  "incident.note",
  "incident.opened",
  "incident.override",
  "incident.verdict",
  "packet.downloaded",
  "packet.requested",
  "playbook.applied",
] as const;

/** By what was done and by whom (a token). Applied together, on Enter: an audit query is itself work for the server. */
export function AuditFilters(props: { readonly filter: AuditFilter; readonly onChange: (next: AuditFilter) => void }) {
  const [kind, setKind] = useState(props.filter.kind ?? "");
  const [actor, setActor] = useState(props.filter.actor ?? "");
  return (
    <search aria-label="Filter the audit">
      <form
        className="flex gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          props.onChange({
            ...(kind.trim() === "" ? {} : { kind: kind.trim() }),
            ...(actor.trim() === "" ? {} : { actor: actor.trim() }),
          });
        }}
      >
        <TextField
          label="Kind"
          quietLabel
          placeholder="Kind"
          value={kind}
          onChange={(event) => setKind(event.target.value)}
          list="audit-kinds"
          className="max-w-40"
        />
        <TextField
          label="Actor"
          quietLabel
          placeholder="Actor"
          value={actor}
          onChange={(event) => setActor(event.target.value)}
          list="audit-actors"
          className="max-w-36"
        />
        <datalist id="audit-kinds" aria-label="Usual kinds">
          {kinds.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </datalist>
        <datalist id="audit-actors" aria-label="Usual actors">
          <option>machine</option>
          <option>user:admin</option>
        </datalist>
        <Button type="submit">Filter</Button>
      </form>
    </search>
  );
}
