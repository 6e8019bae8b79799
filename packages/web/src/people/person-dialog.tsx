import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../api/request.ts";
import { useMay } from "../app/may.ts";
import { Button } from "../design/button.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select } from "../design/field.tsx";
import { LinkOnce, type MadeLink } from "./invite-dialog.tsx";
import { accountSessionsQuery } from "./people-queries.ts";
import type { AccountView } from "./people-shapes.ts";
import { noRights, rightsBody, RightsFields, type Rights } from "./person-fields.tsx";
import { SessionList } from "./session-list.tsx";
import { TillOperators } from "./till-operators.tsx";

/** Why: a closed list, because a sentence about a person would be personal data on the record. */
const reasons: readonly (readonly [string, string])[] = [
  ["role_changed", "Another role"],
  ["place_changed", "Another place"],
  ["on_leave", "On leave"],
  ["back", "Back again"],
  ["left", "Left"],
  ["lost_device", "Lost a device"],
  ["misuse_suspected", "Misuse is suspected"],
  ["mistake", "A mistake is put right"],
];

export function PersonDialog(props: { readonly person: AccountView | null; readonly onClose: () => void }) {
  const { person, onClose } = props;
  return (
    <Dialog title={person?.name ?? "Person"} open={person !== null} onClose={onClose}>
      {person === null ? null : <PersonForm key={`${person.id} ${person.version}`} person={person} onClose={onClose} />}
    </Dialog>
  );
}

type Act = "save" | "suspend" | "resume" | "end" | "link" | "sessions";
type Asked = { readonly what: Act; readonly rights: Rights; readonly because: string };

function PersonForm({ person, onClose }: { readonly person: AccountView; readonly onClose: () => void }) {
  const may = useMay();
  const queries = useQueryClient();
  const [link, setLink] = useState<MadeLink | null>(null);
  const at = `/api/v1/accounts/${person.id}`;
  const act = useMutation({
    mutationFn: async ({ what, rights, because }: Asked) => {
      if (what === "save") {
        const body = { ...rightsBody(rights), because, version: person.version };
        await request(at, { method: "PATCH", body });
      } else if (what === "sessions") await request(`${at}/sessions`, { method: "DELETE" });
      else if (what === "link") setLink(await request<MadeLink>(`${at}/link`, { method: "POST", body: { because } }));
      else await request(`${at}/${what}`, { method: "POST", body: { because } });
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["accounts"] }),
  });
  if (link !== null) return <LinkOnce made={link} name={person.name} onDone={onClose} />;
  const busy = act.isPending ? act.variables.what : null;
  return (
    <div className="grid gap-5">
      <p className="text-sm text-ink-muted">
        {person.login} · <span className="font-mono text-xs">{person.token}</span>
      </p>
      {person.state === "ended" ? null : <Acts person={person} busy={busy} onAct={act.mutate} />}
      {act.isError ? <ErrorState fault={act.error} /> : null}
      {may("account:operator") ? <TillOperators accountId={person.id} name={person.name} /> : null}
      <Sessions
        person={person}
        busy={busy === "sessions"}
        onEndAll={() => act.mutate({ what: "sessions", rights: noRights, because: "" })}
      />
    </div>
  );
}

function Acts(props: {
  readonly person: AccountView;
  readonly busy: Act | null;
  readonly onAct: (asked: Asked) => void;
}) {
  const { person, busy } = props;
  const [rights, setRights] = useState<Rights>({
    roles: person.roles,
    sites: (person.sites ?? []).join(", "),
    regions: (person.regions ?? []).join(", "),
  });
  const [because, setBecause] = useState(reasons[0]?.[0] ?? "");
  const local = person.origin === "local";
  const none = rights.roles.length === 0;
  const button = (what: Act, says: string, look: "primary" | "plain" | "danger") => (
    <Button
      look={look}
      busy={busy === what}
      disabled={what === "save" && none}
      onClick={() => props.onAct({ what, rights, because })}
    >
      {says}
    </Button>
  );
  return (
    <>
      {local ? (
        <RightsFields rights={rights} onChange={setRights} error={none ? "At least one role is needed." : null} />
      ) : (
        <p className="rounded-md bg-sunken px-4 py-3 text-sm">
          Roles and places come from your organisation's directory.
        </p>
      )}
      <Select label="Why" value={because} onChange={(event) => setBecause(event.target.value)}>
        {reasons.map(([word, says]) => (
          <option key={word} value={word}>
            {says}
          </option>
        ))}
      </Select>
      <div className="flex flex-wrap gap-2">
        {local ? button("save", "Save", "primary") : null}
        {person.state === "suspended"
          ? button("resume", "Take the suspension back", "plain")
          : button("suspend", "Suspend", "danger")}
        {local && person.state !== "suspended" ? button("link", "New link", "plain") : null}
        {button("end", "End the account", "danger")}
      </div>
    </>
  );
}

function Sessions(props: { readonly person: AccountView; readonly busy: boolean; readonly onEndAll: () => void }) {
  const { person, busy, onEndAll } = props;
  const sessions = useQuery(accountSessionsQuery(person.id));
  const end = useMutation({
    mutationFn: (id: string) => request(`/api/v1/accounts/${person.id}/sessions/${id}`, { method: "DELETE" }),
    onSuccess: () => sessions.refetch(),
  });
  const items = sessions.data?.items ?? [];
  return (
    <section className="grid gap-2 border-t border-line pt-4">
      <h3 className="text-sm font-semibold">Signed in</h3>
      <SessionList sessions={items} busy={end.isPending ? end.variables : null} onEnd={end.mutate} />
      {end.isError ? <ErrorState fault={end.error} /> : null}
      {items.length > 1 ? (
        <div>
          <Button look="danger" busy={busy} onClick={onEndAll}>
            End all
          </Button>
        </div>
      ) : null}
    </section>
  );
}
