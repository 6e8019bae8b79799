import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ConsentTextView } from "@tillwatch/wire";
import { useState } from "react";
import { request } from "../api/request.ts";
import { FormActions } from "../design/form-actions.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select, TextArea, TextField } from "../design/field.tsx";

/** A consent of one person, to one version of one text. */
export function RecordConsentForm(props: {
  readonly texts: readonly ConsentTextView[];
  readonly token: string;
  readonly onDone: () => void;
}) {
  const { texts, token, onDone } = props;
  const queries = useQueryClient();
  const [chosen, setChosen] = useState("0");
  const [how, setHow] = useState("signed");
  const [day, setDay] = useState(() => new Date().toISOString().slice(0, 10));
  const text = texts[Number(chosen)];
  const save = useMutation({
    mutationFn: () =>
      request<unknown>("/api/v1/consents", {
        method: "POST",
        body: {
          token,
          textId: text?.id,
          textVersion: text?.version,
          language: text?.language,
          how,
          givenAt: `${day}T00:00:00Z`,
        },
      }),
    onSuccess: async () => {
      onDone();
      await queries.invalidateQueries({ queryKey: ["consents"] });
    },
  });
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Select label="To which text" value={chosen} onChange={(event) => setChosen(event.target.value)}>
        {texts.map(({ id, version, language }, index) => (
          <option key={`${id}/${version}/${language}`} value={index}>
            {id}, version {version} ({language})
          </option>
        ))}
      </Select>
      <Select label="How" value={how} onChange={(event) => setHow(event.target.value)}>
        <option value="signed">Signed on paper</option>
        <option value="spoken">Said so</option>
        <option value="online">Online</option>
      </Select>
      <TextField label="On" type="date" required value={day} onChange={(event) => setDay(event.target.value)} />
      {save.isError ? <ErrorState fault={save.error} /> : null}
      <FormActions onCancel={onDone} busy={save.isPending} disabled={text === undefined || day === ""}>
        Record
      </FormActions>
    </form>
  );
}

type TextDraft = {
  readonly id: string;
  readonly version: string;
  readonly language: string;
  readonly purpose: string;
  readonly content: string;
};

const contentMin = 20;

/** A text, or a new version of one. Once people agreed to it, it never changes. */
export function AddTextForm({ onDone }: { readonly onDone: () => void }) {
  const queries = useQueryClient();
  const [text, setText] = useState<TextDraft>({ id: "", version: "1", language: "en", purpose: "", content: "" });
  const set = (news: Partial<TextDraft>): void => setText({ ...text, ...news });
  const save = useMutation({
    mutationFn: () => request<unknown>("/api/v1/consent-texts", { method: "POST", body: text }),
    onSuccess: async () => {
      onDone();
      await queries.invalidateQueries({ queryKey: ["consents", "texts"] });
    },
  });
  return (
    <form
      className="grid gap-4 sm:grid-cols-2"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <TextNames text={text} onSet={set} />
      <TextArea
        label="The text as people see it"
        frameClass="sm:col-span-2"
        rows={6}
        required
        value={text.content}
        onChange={(event) => set({ content: event.target.value })}
        hint="It stays as it is. A change is a new version, and whoever agreed to the old one did not agree to it."
      />
      {save.isError ? <ErrorState fault={save.error} /> : null}
      <FormActions
        onCancel={onDone}
        busy={save.isPending}
        disabled={text.id === "" || text.purpose === "" || text.content.trim().length < contentMin}
        className="sm:col-span-2"
      >
        Add
      </FormActions>
    </form>
  );
}

function TextNames(props: { readonly text: TextDraft; readonly onSet: (news: Partial<TextDraft>) => void }) {
  const { text, onSet: set } = props;
  const name = (typed: string): string => typed.toLowerCase().replaceAll(/[^a-z0-9_-]+/g, "-");
  return (
    <>
      <TextField
        label="Name"
        required
        value={text.id}
        placeholder="photo-of-visitors"
        onChange={(event) => set({ id: name(event.target.value) })}
      />
      <TextField
        label="What it is for"
        required
        value={text.purpose}
        placeholder="training"
        onChange={(event) => set({ purpose: name(event.target.value) })}
      />
      <TextField
        label="Version"
        required
        maxLength={32}
        value={text.version}
        onChange={(event) => set({ version: event.target.value })}
      />
      <TextField
        label="Language"
        required
        maxLength={2}
        value={text.language}
        onChange={(event) => set({ language: event.target.value.toLowerCase() })}
      />
    </>
  );
}
