import { useState } from "react";
import type { AuditFilter } from "../api/queries.ts";
import { Button } from "../design/button.tsx";
import { TextField } from "../design/field.tsx";

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
          className="max-w-40"
        />
        <TextField
          label="Actor"
          quietLabel
          placeholder="Actor"
          value={actor}
          onChange={(event) => setActor(event.target.value)}
          className="max-w-36"
        />
        <Button type="submit">Filter</Button>
      </form>
    </search>
  );
}
