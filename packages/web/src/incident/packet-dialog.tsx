import { useMutation, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ExhibitView, IncidentRecord } from "@tillwatch/wire";
import { useState } from "react";
import { request } from "../api/request.ts";
import { mayWith } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Choice, wordOptions } from "../design/choice.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select, TextArea, TextField } from "../design/field.tsx";
import { FormActions } from "../design/form-actions.tsx";
import { whoAmIQuery } from "../people/people-queries.ts";
import { wordsOf } from "../policy/policy-words.ts";
import { caseMinorQuery } from "../privacy/privacy-queries.ts";
import { exhibitQuery } from "./exhibit-queries.ts";
import { keyState, packetBodyOf, type Contents, type KeyState } from "./packet-words.ts";
import { useIncidentAction } from "./use-incident-action.ts";

/** A packet with other contents than copies: no media, or the sealed originals, each under the keys of two people. */
export function PacketDialog(props: {
  readonly record: IncidentRecord;
  readonly open: boolean;
  readonly onClose: () => void;
}) {
  const { record, open, onClose } = props;
  return (
    <Dialog title={`A packet of ${record.ref}`} open={open} onClose={onClose}>
      <PacketForm record={record} onDone={onClose} />
    </Dialog>
  );
}

function PacketForm({ record, onDone }: { readonly record: IncidentRecord; readonly onDone: () => void }) {
  const [contents, setContents] = useState<Contents>("copies");
  const [because, setBecause] = useState("");
  const [minorGround, setMinorGround] = useState("");
  const build = useIncidentAction<object>(record.id, "packets");
  const minor = useQuery(caseMinorQuery(record.id)).data;
  const { sealed, loading } = useSealed(record);
  const originals = contents === "originals";
  const missing = sealed.filter(({ state }) => state !== "two keys").length;
  const mayLift = mayWith(record)("exhibit:release_minor") && minor !== undefined && contents !== "none";
  return (
    <form
      className="grid grid-cols-1 gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        build.mutate(packetBodyOf({ contents, because, minorGround: mayLift ? minorGround : "" }), {
          onSuccess: onDone,
        });
      }}
    >
      <Select
        label="What of pictures and clips is in it"
        value={contents}
        onChange={(event) => setContents(event.target.value as Contents)}
      >
        <option value="copies">Copies, without metadata and masked</option>
        <option value="originals">The sealed originals</option>
        <option value="none">Neither: where they are, and their digests</option>
      </Select>
      {originals ? <Keys record={record} sealed={sealed} loading={loading} /> : null}
      {mayLift ? (
        <Select
          label="What a minor is in"
          value={minorGround}
          onChange={(event) => setMinorGround(event.target.value)}
          hint="Without a ground it stays out, and a pointer says so."
        >
          <option value="">Stays out</option>
          {wordOptions(minor.grounds, wordsOf).map(({ value, label }) => (
            <option key={value} value={value}>
              Goes in: {label}
            </option>
          ))}
        </Select>
      ) : null}
      <TextField
        label="Because (if you want to add something)"
        maxLength={1000}
        value={because}
        onChange={(event) => setBecause(event.target.value)}
      />
      {build.isError ? <ErrorState fault={build.error} /> : null}
      <FormActions onCancel={onDone} busy={build.isPending} disabled={originals && (loading || missing > 0)}>
        Build it
      </FormActions>
    </form>
  );
}

type Sealed = { readonly view: ExhibitView; readonly state: KeyState };

/** Pictures and clips of the case, and how far this person is with the keys to each. */
function useSealed(record: IncidentRecord): { readonly sealed: readonly Sealed[]; readonly loading: boolean } {
  const token = useQuery(whoAmIQuery).data?.actor ?? "";
  const files = record.exhibits.filter(({ kind }) => kind !== "pointer");
  const answers = useQueries({ queries: files.map(({ id }) => exhibitQuery(id)) });
  const views = answers.flatMap(({ data }) => (data === undefined || data.mediaKind === "document" ? [] : [data]));
  return {
    sealed: views.map((view) => ({ view, state: keyState(view.originalRequests, token) })),
    loading: answers.some(({ isPending }) => isPending),
  };
}

const stateWords: Readonly<Record<KeyState, string>> = {
  "no key": "not asked for",
  "one key": "waits for another person",
  "two keys": "two keys",
};

function Keys(props: {
  readonly record: IncidentRecord;
  readonly sealed: readonly Sealed[];
  readonly loading: boolean;
}) {
  const { record, sealed, loading } = props;
  const unasked = sealed.filter(({ state }) => state === "no key").map(({ view }) => view.id);
  if (loading) return <output className="block text-sm text-ink-muted">Asking how the originals are sealed</output>;
  if (sealed.length === 0) {
    return (
      <p className="text-sm text-ink-muted">No picture or clip of this case is sealed. Documents go in as they came.</p>
    );
  }
  return (
    <section aria-label="Keys to the originals" className="grid gap-3 rounded-md bg-sunken px-4 py-3 text-sm">
      <p>
        An original says where, with what and by whom it was taken. Another person approves each; then you have the time
        that you asked for to build the packet.
      </p>
      <ul className="grid gap-1.5">
        {sealed.map(({ view, state }) => (
          <li key={view.id} className="flex flex-wrap items-center justify-between gap-2">
            <span className="min-w-0 break-words">{view.name}</span>
            <Tag tone={state === "two keys" ? "good" : "plain"}>{stateWords[state]}</Tag>
          </li>
        ))}
      </ul>
      {unasked.length === 0 || !mayWith(record)("exhibit:ask_original") ? null : <AskForAll ids={unasked} />}
    </section>
  );
}

const reasonMin = 10; // as the server asks for it

/** Asks for each original that nobody asked for yet, with one reason. It is no form of its own: it stands in one. */
function AskForAll({ ids }: { readonly ids: readonly string[] }) {
  const queries = useQueryClient();
  const [because, setBecause] = useState("");
  const [hours, setHours] = useState("24");
  const ask = useMutation({
    mutationFn: async () => {
      for (const id of ids) {
        await request<unknown>(`/api/v1/exhibits/${encodeURIComponent(id)}/original-requests`, {
          method: "POST",
          body: { because: because.trim(), hours: Number(hours) },
        });
      }
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["exhibit"] }),
  });
  return (
    <div className="grid gap-3 border-t border-line pt-3">
      <TextArea
        label="Why the originals are needed"
        rows={2}
        maxLength={2000}
        value={because}
        onChange={(event) => setBecause(event.target.value)}
        hint={`A sentence, of ${reasonMin} letters at least. The other person reads it.`}
      />
      <Choice
        label="For"
        value={hours}
        options={["1", "4", "8", "24", "72"].map((value) => ({
          value,
          label: value === "1" ? "1 hour" : `${value} hours`,
        }))}
        onChoose={setHours}
      />
      {ask.isError ? <ErrorState fault={ask.error} /> : null}
      <Button
        className="justify-self-start"
        busy={ask.isPending}
        disabled={because.trim().length < reasonMin || hours === ""}
        onClick={() => ask.mutate()}
      >
        {ids.length === 1 ? "Ask for the original" : `Ask for ${ids.length} originals`}
      </Button>
    </div>
  );
}
