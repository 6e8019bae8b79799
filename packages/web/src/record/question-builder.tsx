import { useState } from "react";
import { Button } from "../design/button.tsx";
import { Select, TextField } from "../design/field.tsx";
import { formProblem, thingKinds, wishes, type AskedForm, type ThingKind, type WishId } from "./record-words.ts";

/** A question in plain words. It is asked on Enter or by the button: a question is itself work for the server. */
export function QuestionBuilder(props: { readonly form: AskedForm; readonly onAsk: (form: AskedForm) => void }) {
  const [form, setForm] = useState(props.form);
  const [asked, setAsked] = useState(false);
  const set = (change: Partial<AskedForm>) => setForm({ ...form, ...change });
  const problem = asked ? formProblem(form) : null;
  const person = form.wish === "person";
  return (
    <search aria-label="Ask the record">
      <form
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(true);
          if (formProblem(form) === null) props.onAsk(form);
        }}
      >
        <div className="grid gap-3 md:grid-cols-[minmax(0,1fr)_minmax(0,1fr)_minmax(0,1.4fr)]">
          <Select
            label="I want to know"
            value={form.wish}
            onChange={(event) => set({ wish: event.target.value as WishId })}
          >
            {wishes.map((wish) => (
              <option key={wish.id} value={wish.id}>
                {wish.says}
              </option>
            ))}
          </Select>
          {person ? null : (
            <Select label="of" value={form.thing} onChange={(event) => set({ thing: event.target.value as ThingKind })}>
              {thingKinds.map((kind) => (
                <option key={kind.id} value={kind.id}>
                  {kind.says}
                </option>
              ))}
            </Select>
          )}
          {person ? (
            <TextField
              label="Person or program"
              value={form.actor}
              onChange={(event) => set({ actor: event.target.value })}
              placeholder="user:…"
              error={problem}
            />
          ) : form.thing === "any" ? null : (
            <TextField
              label={form.thing === "incident" ? "Its reference" : "Its id"}
              value={form.about}
              onChange={(event) => set({ about: event.target.value })}
              placeholder={form.thing === "incident" ? "TW-2026-000022" : "11111111-2222-…"}
              error={problem}
            />
          )}
        </div>
        <More form={form} set={set} />
        <div>
          <Button type="submit" look="primary">
            Ask the record
          </Button>
        </div>
      </form>
    </search>
  );
}

function More(props: { readonly form: AskedForm; readonly set: (change: Partial<AskedForm>) => void }) {
  const { form, set } = props;
  return (
    <details open={form.ground !== "" || form.from !== "" || form.to !== "" || form.kind !== "" || form.purpose !== ""}>
      <summary className="w-fit text-sm text-ink-soft">When, why, by whom</summary>
      <div className="mt-2 grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        <TextField
          label="Words of the reason"
          value={form.ground}
          onChange={(event) => set({ ground: event.target.value })}
        />
        <TextField
          label="Stated purpose"
          value={form.purpose}
          onChange={(event) => set({ purpose: event.target.value })}
        />
        {form.wish === "person" ? null : (
          <TextField label="By (token)" value={form.actor} onChange={(event) => set({ actor: event.target.value })} />
        )}
        <TextField label="Kind of entry" value={form.kind} onChange={(event) => set({ kind: event.target.value })} />
        <TextField label="From" type="date" value={form.from} onChange={(event) => set({ from: event.target.value })} />
        <TextField
          label="Until, included"
          type="date"
          value={form.to}
          onChange={(event) => set({ to: event.target.value })}
        />
      </div>
    </details>
  );
}
