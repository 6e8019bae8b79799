import type { ReleasesView } from "@tillwatch/wire";
import { TextField } from "../design/field.tsx";
import { partnerOptions } from "../share/share-words.ts";
import { channelText, outside, partnerPrefix, type ReleaseDraft } from "./release-words.ts";
import { Choice, wordOptions } from "../design/choice.tsx";

type Fields = {
  readonly known: ReleasesView;
  readonly draft: ReleaseDraft;
  readonly onChange: (news: Partial<ReleaseDraft>) => void;
};

/** A partner that the case is shared with, or somebody outside by name. */
export function ReleaseRecipient({ known, draft, onChange }: Fields) {
  return (
    <>
      <Choice
        label="To"
        value={draft.to}
        options={partnerOptions(known.partners).map((option) => ({ ...option, value: partnerPrefix + option.value }))}
        onChoose={(to) => onChange({ to })}
        hint={
          known.partners.length === 0
            ? "The case is shared with no partner now. Share it first if the packet goes to one."
            : "Partners that the case is shared with. Their people take the packet by themselves."
        }
      >
        <option value={outside}>Somebody outside, by name</option>
      </Choice>
      {draft.to === outside ? <OutsideFields known={known} draft={draft} onChange={onChange} /> : null}
    </>
  );
}

function OutsideFields({ known, draft, onChange }: Fields) {
  return (
    <>
      <TextField
        label="Organisation"
        required
        maxLength={200}
        value={draft.agency}
        onChange={(event) => onChange({ agency: event.target.value })}
      />
      <TextField
        label="Person there"
        required
        maxLength={200}
        autoComplete="off"
        value={draft.person}
        onChange={(event) => onChange({ person: event.target.value })}
        hint="Who takes it in hand."
      />
      <TextField
        label="Their case number"
        required
        maxLength={100}
        value={draft.reference}
        onChange={(event) => onChange({ reference: event.target.value })}
      />
      <Choice
        label="How they get it"
        value={draft.channel}
        options={wordOptions(known.channels, channelText)}
        onChoose={(channel) => onChange({ channel })}
        hint="You hand it over yourself and say so here; a link says by itself when they took it."
      />
    </>
  );
}
