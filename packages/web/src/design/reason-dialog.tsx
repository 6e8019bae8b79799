import { useState, type ReactNode } from "react";
import { FormActions } from "./form-actions.tsx";
import { Dialog } from "./dialog.tsx";
import { ErrorState } from "./error-state.tsx";
import { Select, TextArea } from "./field.tsx";

/** Anything that needs a reason asks here. Empty is refused before the server has to. */
export function ReasonDialog(props: {
  readonly title: string;
  readonly action: string;
  readonly open: boolean;
  readonly busy: boolean;
  readonly fault: unknown;
  readonly blocked?: string | null; // what is missing besides the reason, said when the action is pressed; null or absent: nothing
  readonly optional?: boolean; // true: the reason may stay empty
  readonly least?: number; // letters that the server wants at least; 1 where it is not said
  readonly lead?: readonly { readonly word: string; readonly says: string }[]; // the reason begins with one of these words
  readonly onClose: () => void;
  readonly onSave: (because: string) => void;
  readonly children?: ReactNode;
}) {
  return (
    <Dialog title={props.title} open={props.open} onClose={props.onClose}>
      <ReasonForm {...props} />
    </Dialog>
  );
}

/** Mounted with the dialog: each opening starts with an empty reason. */
function ReasonForm(props: Parameters<typeof ReasonDialog>[0]) {
  const [because, setBecause] = useState("");
  const [asked, setAsked] = useState(false);
  const lead = props.lead ?? [];
  const [word, setWord] = useState(lead[0]?.word ?? "");
  const { least = 1, blocked = null } = props;
  const missing = because.trim().length < least && lead.length === 0 && props.optional !== true;
  const reason = [word, because.trim()].filter((part) => part !== "").join(": ");
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        setAsked(true);
        if (!missing && blocked === null) props.onSave(reason);
      }}
    >
      {props.children}
      {lead.length === 0 ? null : (
        <Select label="Why" value={word} onChange={(event) => setWord(event.target.value)}>
          {lead.map((choice) => (
            <option key={choice.word} value={choice.word}>
              {choice.says}
            </option>
          ))}
        </Select>
      )}
      <TextArea
        label={lead.length > 0 || props.optional === true ? "Because (if you want to add something)" : "Because"}
        rows={3}
        value={because}
        onChange={(event) => setBecause(event.target.value)}
        hint="One sentence. It stays on the record as yours."
        error={asked && missing ? tooShort(least) : null}
      />
      {asked && blocked !== null ? (
        <p role="alert" className="text-sm font-medium text-bad">
          {blocked}
        </p>
      ) : null}
      {props.fault === null ? null : <ErrorState fault={props.fault} />}
      <FormActions onCancel={props.onClose} busy={props.busy}>
        {props.action}
      </FormActions>
    </form>
  );
}

function tooShort(least: number): string {
  return least > 1 ? `A sentence, of ${least} letters at least.` : "A reason is needed: one sentence is enough.";
}
