import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { IncidentRecord, PacketSummary, ReleasesView } from "@tillwatch/wire";
import { useState } from "react";
import { request } from "../api/request.ts";
import { Lock } from "lucide-react";
import { FormActions } from "../design/form-actions.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextArea } from "../design/field.tsx";
import { Moment } from "../design/time.tsx";
import { useToasts } from "../design/toast.tsx";
import { wordsOf } from "../policy/policy-words.ts";
import { ReleaseRecipient } from "./release-recipient.tsx";
import { emptyDraft, groundsDespite, reasonMin, releaseBodyOf, wayPast, type ReleaseDraft } from "./release-words.ts";
import { Choice, wordOptions } from "../design/choice.tsx";

/** To whom a sealed packet goes, why and on what ground. Asks for a second proof through the request itself. */
export function ReleaseForm(props: {
  readonly record: IncidentRecord;
  readonly packet: PacketSummary;
  readonly known: ReleasesView;
  readonly onDone: () => void;
}) {
  const { record, packet, known, onDone } = props;
  const queries = useQueryClient();
  const toasts = useToasts();
  const [draft, setDraft] = useState<ReleaseDraft>(emptyDraft);
  const set = (news: Partial<ReleaseDraft>): void => setDraft((before) => ({ ...before, ...news }));
  const body = releaseBodyOf(draft, known);
  const release = useMutation({
    mutationFn: (said: object) =>
      request<unknown>(`/api/v1/packets/${encodeURIComponent(packet.id)}/releases`, { method: "POST", body: said }),
    onSuccess: () => {
      onDone();
      toasts.show({ says: `The packet of ${record.ref} is released.` });
    },
    // Refused: something may stand against it by now.
    onSettled: () => queries.invalidateQueries({ queryKey: ["incident", record.id] }),
  });
  return (
    <form
      className="grid grid-cols-1 gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (body !== null) release.mutate(body);
      }}
    >
      <Standing standing={known.standing} />
      <UnderHold holds={known.holds} known={draft.knowsHolds} onKnown={(knowsHolds) => set({ knowsHolds })} />
      <ReleaseRecipient known={known} draft={draft} onChange={set} />
      <WhyFields known={known} draft={draft} onChange={set} />
      <p className="text-xs text-ink-muted">
        You prove once more who you are. The release, its recipient and your reason stand in the record.
      </p>
      {release.isError ? <ErrorState fault={release.error} /> : null}
      <FormActions onCancel={onDone} busy={release.isPending} disabled={body === null}>
        Release
      </FormActions>
    </form>
  );
}

/** What stands against a release, each with the way past it: said before anything is filled in. */
function Standing({ standing }: Pick<ReleasesView, "standing">) {
  if (standing.length === 0) return null;
  return (
    <section aria-label="What stands against it" className="grid gap-2 rounded-md bg-warn-wash px-4 py-3 text-sm">
      <p className="font-semibold">What stands against it</p>
      <ul className="grid gap-2">
        {standing.map((obstacle) => (
          <li key={obstacle.code}>
            <span className="block first-letter:uppercase">{obstacle.says}.</span>
            <span className="block text-ink-soft">{wayPast(obstacle)}</span>
          </li>
        ))}
      </ul>
      {groundsDespite(standing)?.length === 0 ? <p className="font-medium">It cannot be released as it is.</p> : null}
    </section>
  );
}

/** A hold keeps content from being destroyed, not from being released: whoever releases is told of it, and says that he knows. */
function UnderHold(props: {
  readonly holds: ReleasesView["holds"];
  readonly known: boolean;
  readonly onKnown: (known: boolean) => void;
}) {
  const { holds, known, onKnown } = props;
  if (holds.length === 0) return null;
  return (
    <section
      aria-label="Under legal hold"
      className="grid gap-2 rounded-md border border-line bg-sunken px-4 py-3 text-sm"
    >
      <p className="flex items-center gap-2 font-semibold">
        <Lock className="size-4 shrink-0" aria-hidden="true" />
        The case is under legal hold
      </p>
      <ul className="grid gap-2">
        {holds.map((hold) => (
          <li key={hold.id}>
            <span className="block font-medium break-words">{hold.matter ?? "Matter erased"}</span>
            <span className="block text-ink-soft">
              {wordsOf(hold.ground)}, since <Moment at={hold.at} />
            </span>
          </li>
        ))}
      </ul>
      <label className="flex min-h-9 cursor-pointer items-center gap-2 pointer-coarse:min-h-(--tap)">
        <input
          type="checkbox"
          className="size-4 shrink-0 accent-accent"
          checked={known}
          onChange={(event) => onKnown(event.target.checked)}
        />
        I know of {holds.length === 1 ? "this hold" : "these holds"}, and that the record says so
      </label>
    </section>
  );
}

function WhyFields(props: {
  readonly known: ReleasesView;
  readonly draft: ReleaseDraft;
  readonly onChange: (news: Partial<ReleaseDraft>) => void;
}) {
  const { known, draft, onChange } = props;
  const overcoming = groundsDespite(known.standing);
  return (
    <>
      <Choice
        label="Purpose"
        value={draft.purpose}
        options={wordOptions(known.purposes, wordsOf)}
        onChoose={(purpose) => onChange({ purpose })}
      />
      <Choice
        label="Legal ground"
        value={draft.ground}
        options={wordOptions(known.grounds, wordsOf).map((option) => ({
          ...option,
          disabled: overcoming !== null && !overcoming.includes(option.value),
        }))}
        onChoose={(ground) => onChange({ ground })}
      />
      <TextArea
        label="Because"
        rows={2}
        maxLength={2000}
        required
        value={draft.because}
        onChange={(event) => onChange({ because: event.target.value })}
        hint={sentence}
      />
      {overcoming === null ? null : (
        <TextArea
          label="Why it leaves all the same"
          rows={2}
          maxLength={2000}
          required
          value={draft.despite}
          onChange={(event) => onChange({ despite: event.target.value })}
          hint={sentence}
        />
      )}
    </>
  );
}

const sentence = `A sentence, of ${reasonMin} letters at least.`;
