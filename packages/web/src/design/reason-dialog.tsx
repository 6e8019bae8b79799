import { useState, type ReactNode } from "react";
import { Button } from "./button.tsx";
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
  readonly blocked?: boolean;
  readonly optional?: boolean; // true: the reason may stay empty
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
  const missing = because.trim() === "" && lead.length === 0 && props.optional !== true;
  const reason = [word, because.trim()].filter((part) => part !== "").join(": ");
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        setAsked(true);
        if (!missing && props.blocked !== true) props.onSave(reason);
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
        hint="One sentence. It stays on the record with your token."
        error={asked && missing ? "A reason is needed: one sentence is enough." : null}
      />
      {props.fault === null ? null : <ErrorState fault={props.fault} />}
      <div className="flex justify-end gap-2">
        <Button look="quiet" onClick={props.onClose}>
          Cancel
        </Button>
        <Button type="submit" look="primary" busy={props.busy}>
          {props.action}
        </Button>
      </div>
    </form>
  );
}
