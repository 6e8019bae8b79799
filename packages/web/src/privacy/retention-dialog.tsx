import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { problemFrom } from "../api/request.ts";
import { FormActions } from "../design/form-actions.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextArea, TextField } from "../design/field.tsx";
import { DisposalPerson } from "./disposal-person.tsx";
import { decide, kindText, type Decision, type DisposalItem, type Step } from "./retention-queries.ts";

export type Asking = { readonly item: DisposalItem; readonly step: Step };

const titles: Readonly<Record<Step, string>> = {
  ask: "Ask that it be destroyed",
  confirm: "Confirm the destruction",
  keep: "Keep it longer",
};
const actions: Readonly<Record<Step, string>> = { ask: "Ask", confirm: "Destroy it", keep: "Keep it" };
const reasonMin = 10;
const keepYearsMax = 3;

/** One decision about one thing. It stays open with the answer where the server says no. */
export function DecisionDialog({ asking, onClose }: { readonly asking: Asking; readonly onClose: () => void }) {
  const { item, step } = asking;
  const queries = useQueryClient();
  const act = useMutation({
    mutationFn: (decision: Decision) => decide(item, decision),
    onSuccess: onClose,
    // A refusal too says that the list is old.
    onSettled: () => queries.invalidateQueries({ queryKey: ["disposals"] }),
  });
  const [because, setBecause] = useState("");
  const [day, setDay] = useState(item.state === "kept" ? (item.keptUntil?.slice(0, 10) ?? "") : "");
  const [asked, setAsked] = useState(false);
  const reason = because.trim();
  const isChange = item.state === "kept";
  const problems = {
    because: step !== "confirm" && reason.length < reasonMin ? `A reason of ${reasonMin} letters or more.` : null,
    day: step === "keep" && day === "" ? "Choose the day until which it is kept." : null,
  };
  const submit = (): void => {
    setAsked(true);
    if (problems.because !== null || problems.day !== null) return;
    act.mutate(
      step === "keep" ? { step, because: reason, day } : step === "ask" ? { step, because: reason } : { step },
    );
  };
  return (
    <Dialog title={isChange ? "Change the day" : titles[step]} open onClose={onClose}>
      <form
        noValidate
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <What item={item} step={step} />
        {step === "keep" ? <DayField day={day} error={asked ? problems.day : null} onChange={setDay} /> : null}
        {step === "confirm" ? null : (
          <TextArea
            label="Because"
            rows={3}
            value={because}
            onChange={(event) => setBecause(event.target.value)}
            hint="One sentence. It stays on the record as yours."
            error={asked ? problems.because : null}
          />
        )}
        {act.isError ? <Refusal fault={act.error} /> : null}
        <FormActions onCancel={onClose} busy={act.isPending} look={step === "confirm" ? "danger" : "primary"}>
          {isChange ? "Change it" : actions[step]}
        </FormActions>
      </form>
    </Dialog>
  );
}

function What({ item, step }: Asking) {
  const what = (
    <span className="font-medium">
      {kindText(item.kind)} of {item.ref}
    </span>
  );
  if (item.state === "kept") {
    return (
      <p className="text-sm">
        {what}: kept until {item.keptUntil?.slice(0, 10)}. An earlier day lists it sooner, a later one keeps it longer;
        until then nobody can ask that it be destroyed.
      </p>
    );
  }
  if (step === "keep") {
    return (
      <p className="text-sm">{what}: kept although its time is over. On the day that you choose it is listed again.</p>
    );
  }
  if (step === "ask") {
    return <p className="text-sm">{what}: nothing is destroyed yet. Another person must confirm it.</p>;
  }
  return (
    <div className="grid gap-2 text-sm">
      <p>{what}: its keys are destroyed and its files deleted. Nobody can bring it back.</p>
      <p className="text-ink-soft">
        Asked for by {item.requestedBy === null ? "nobody" : <DisposalPerson token={item.requestedBy} />}
        {item.because === null ? "" : `: ${item.because}`}
      </p>
    </div>
  );
}

function DayField(props: {
  readonly day: string;
  readonly error: string | null;
  readonly onChange: (day: string) => void;
}) {
  return (
    <TextField
      label="Until"
      type="date"
      value={props.day}
      onChange={(event) => props.onChange(event.target.value)}
      hint={`At most ${keepYearsMax} years from now.`}
      error={props.error}
    />
  );
}

/** Refusals that are part of the work: what they mean here, and what goes on. */
const refusals: Readonly<Record<string, { readonly title: string; readonly next: string }>> = {
  disposal_same_person: {
    title: "This needs another person",
    next: "You asked for it, so somebody else confirms it. It stays listed until then.",
  },
  disposal_on_hold: {
    title: "A legal hold keeps it",
    next: "Nothing of this case is destroyed while the hold stands. Whoever set it ends it on the page of the case.",
  },
  disposal_too_early: { title: "Its time is not over yet", next: "It is listed again when it is." },
};

function Refusal({ fault }: { readonly fault: unknown }) {
  const { code, detail } = problemFrom(fault);
  const known = Object.hasOwn(refusals, code) ? refusals[code] : undefined;
  if (known === undefined) return <ErrorState fault={fault} />;
  return (
    <div role="alert" className="grid gap-1 rounded-md border border-line-strong bg-sunken px-4 py-3 text-sm">
      <p className="font-semibold">{known.title}</p>
      <p>{known.next}</p>
      {code === "disposal_too_early" ? <p className="text-ink-soft">{detail}</p> : null}
    </div>
  );
}
