import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { IncidentRecord, SharePartner } from "@tillwatch/wire";
import { useState } from "react";
import { request } from "../api/request.ts";
import { FormActions } from "../design/form-actions.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextArea, TextField } from "../design/field.tsx";
import { useToasts } from "../design/toast.tsx";
import { mayWith } from "../app/may.ts";
import { wordsOf } from "../policy/policy-words.ts";
import { endOfDay, groundText, partnerOptions, sharePurposes } from "./share-words.ts";
import { Choice, wordOptions } from "../design/choice.tsx";

type Draft = {
  readonly partnerId: string;
  readonly purpose: string;
  readonly note: string;
  readonly legalGround: string;
};

const dayMs = 86_400_000;
const usualDays = 30;

/** Which partner, why, until when. Asks for a second proof through the request itself. */
export function ShareForm(props: {
  readonly record: IncidentRecord;
  readonly partners: readonly SharePartner[];
  readonly minorGrounds: readonly string[] | null;
  readonly onDone: () => void;
}) {
  const { record, partners, minorGrounds, onDone } = props;
  const queries = useQueryClient();
  const toasts = useToasts();
  const [draft, setDraft] = useState<Draft>({ partnerId: "", purpose: "", note: "", legalGround: "" });
  const { partnerId, purpose, note, legalGround } = draft;
  const named = minorGrounds === null ? {} : { legalGround };
  const [until, setUntil] = useState(() => new Date(Date.now() + usualDays * dayMs).toISOString().slice(0, 10));
  const endsAt = endOfDay(until);
  const partner = partners.find(({ id }) => id === partnerId);
  const isMissing = [partnerId, purpose, note.trim(), ...Object.values(named)].includes("");
  const share = useMutation({
    mutationFn: () =>
      request<unknown>(`/api/v1/incidents/${encodeURIComponent(record.id)}/shares`, {
        method: "POST",
        body: { partnerId, ground: groundText(purpose, note), endsAt, ...named },
      }),
    onSuccess: async () => {
      onDone();
      toasts.show({ says: `${record.ref} is shared with ${partner?.name ?? "the partner"}.` });
      await queries.invalidateQueries({ queryKey: ["shares", record.id] });
    },
  });
  if (partners.length === 0) return <NoPartner />;
  return (
    <form
      className="grid grid-cols-1 gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        share.mutate();
      }}
    >
      {minorGrounds === null ? null : (
        <MinorGround
          grounds={minorGrounds}
          mayLift={mayWith(record)("exhibit:release_minor")}
          value={legalGround}
          onChange={(ground) => setDraft((before) => ({ ...before, legalGround: ground }))}
        />
      )}
      <WhoAndWhy partners={partners} value={draft} onChange={setDraft} />
      <TextField
        label="Until the end of"
        type="date"
        required
        value={until}
        onChange={(event) => setUntil(event.target.value)}
        hint="A year at most. You can end it any time before."
        error={endsAt === null ? "A day." : null}
      />
      <p className="text-xs text-ink-muted">
        Their people see this case alone, and each of them states a purpose first. You prove once more who you are.
      </p>
      {share.isError ? <ErrorState fault={share.error} /> : null}
      <FormActions onCancel={onDone} busy={share.isPending} disabled={isMissing || endsAt === null}>
        Share
      </FormActions>
    </form>
  );
}

function NoPartner() {
  return (
    <p className="text-sm">
      There is no partner yet. Whoever administers the installation adds police, insurers or vendors as organisations.
    </p>
  );
}

/** A minor is among the people: the legal ground on which the case is shared all the same, by whoever may state one. */
function MinorGround(props: {
  readonly grounds: readonly string[];
  readonly mayLift: boolean;
  readonly value: string;
  readonly onChange: (ground: string) => void;
}) {
  const { grounds, mayLift, value, onChange } = props;
  return (
    <section aria-label="A minor is in it" className="grid gap-2 rounded-md bg-warn-wash px-4 py-3 text-sm">
      <p className="font-semibold">A minor is among the people of this case</p>
      {mayLift ? (
        <Choice
          label="Legal ground"
          value={value}
          options={wordOptions(grounds, wordsOf)}
          onChoose={onChange}
          hint="Whoever said that a minor is in it does not share it; another person does."
        />
      ) : (
        <p>Counsel may share it, under: {grounds.map(wordsOf).join("; ")}.</p>
      )}
    </section>
  );
}

function WhoAndWhy(props: {
  readonly partners: readonly SharePartner[];
  readonly value: Draft;
  readonly onChange: (value: Draft) => void;
}) {
  const { partners, value, onChange } = props;
  const set = (news: Partial<Draft>): void => onChange({ ...value, ...news });
  return (
    <>
      <Choice
        label="With"
        value={value.partnerId}
        options={partnerOptions(partners)}
        onChoose={(partnerId) => set({ partnerId })}
      />
      <Choice
        label="What for"
        value={value.purpose}
        options={wordOptions(sharePurposes, (one) => one)}
        onChoose={(purpose) => set({ purpose })}
      />
      <TextArea
        label="Ground"
        rows={2}
        maxLength={900}
        required
        value={value.note}
        onChange={(event) => set({ note: event.target.value })}
        hint="For example the number of their request. The partner reads it; it stands in the record."
      />
    </>
  );
}
