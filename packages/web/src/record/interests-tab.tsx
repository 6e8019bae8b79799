import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { EyeOff } from "lucide-react";
import { useState } from "react";
import { request } from "../api/request.ts";
import type { Names } from "../api/shapes.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { Dialog } from "../design/dialog.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select, TextField } from "../design/field.tsx";
import { FormActions } from "../design/form-actions.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Moment } from "../design/time.tsx";
import { Loaded } from "../privacy/loaded.tsx";
import { interestsQuery, type InterestView } from "./record-queries.ts";
import { whoIs } from "./record-words.ts";

const reasonMin = 10; // as the server asks for them
const path = "/api/v1/misuse/conflicts";

/** Words in which colleagues have a private interest: a search for one becomes a case of misuse. How many, never which. */
export function InterestsTab() {
  const interests = useQuery(interestsQuery);
  const [noting, setNoting] = useState<string | null>(null); // whose; "": to be chosen
  const [taking, setTaking] = useState<InterestView | null>(null);
  const people = (interests.data?.people ?? []).toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_22rem]">
      <Card
        title="Private interests"
        flush
        aside={people.length === 0 ? undefined : <Button onClick={() => setNoting("")}>Note one</Button>}
      >
        <Loaded query={interests} says="Loading of whom interests are noted">
          {({ items, names }) =>
            items.length === 0 ? (
              <EmptyState icon={EyeOff} title="None is noted">
                A search for one's own name is noticed without it.
              </EmptyState>
            ) : (
              <Table
                label="Private interests"
                columns={columnsWith(names, { more: ({ actor }) => setNoting(actor), take: setTaking })}
                rows={items}
                idOf={({ actor }) => actor}
              />
            )
          }
        </Loaded>
      </Card>
      <Card title="What they are for">
        <ul className="grid gap-2 text-sm text-ink-soft">
          <li>The street somebody lives in, a neighbour, the family: what a person may be tempted to look up.</li>
          <li>Whoever searches for a word that is noted of him is flagged, and somebody else judges it.</li>
          <li>Only digests are kept. Nobody can read which words they are, and you neither see nor note your own.</li>
        </ul>
      </Card>
      <NoteDialog key={`note ${noting ?? "nothing"}`} of={noting} people={people} onClose={() => setNoting(null)} />
      <TakeBackDialog key={`take ${taking?.actor ?? "nothing"}`} one={taking} onClose={() => setTaking(null)} />
    </div>
  );
}

type Acts = { readonly more: (one: InterestView) => void; readonly take: (one: InterestView) => void };

function columnsWith(names: Names, { more, take }: Acts): readonly Column<InterestView>[] {
  return [
    { id: "name", title: "Whose", cell: ({ name }) => <span className="font-medium">{name}</span> },
    { id: "words", title: "Noted", cell: ({ words }) => (words === 1 ? "1 word" : `${words} words`) },
    {
      id: "at",
      title: "Last",
      cell: ({ at, by }) => (
        <>
          <Moment at={at} /> by {whoIs(by, names)}
        </>
      ),
    },
    {
      id: "change",
      title: "Change",
      cell: (one) => (
        <span className="-my-2 -ml-3 flex flex-wrap gap-x-2">
          <Button look="quiet" onClick={() => more(one)}>
            Note more<span className="sr-only"> of {one.name}</span>
          </Button>
          <Button look="quiet" onClick={() => take(one)}>
            Take back<span className="sr-only"> of {one.name}</span>
          </Button>
        </span>
      ),
    },
  ];
}

type Somebody = { readonly token: string; readonly name: string };

function NoteDialog(props: {
  readonly of: string | null;
  readonly people: readonly Somebody[];
  readonly onClose: () => void;
}) {
  const { of, people, onClose } = props;
  const queries = useQueryClient();
  const [actor, setActor] = useState(of ?? "");
  const [words, setWords] = useState("");
  const note = useMutation({
    mutationFn: () => request(path, { method: "POST", body: { actor, words: words.trim() } }),
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: interestsQuery.queryKey });
    },
  });
  const complete = actor !== "" && words.trim().length > 1;
  return (
    <Dialog title="Note a private interest" open={of !== null} onClose={onClose}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (complete) note.mutate();
        }}
      >
        <Select label="Whose" required value={actor} onChange={(event) => setActor(event.target.value)}>
          <option value="">Choose</option>
          {people.map(({ token, name }) => (
            <option key={token} value={token}>
              {name}
            </option>
          ))}
        </Select>
        <TextField
          label="Words"
          required
          autoComplete="off"
          maxLength={500}
          value={words}
          onChange={(event) => setWords(event.target.value)}
          hint="Each word for itself, at most 20. After this nobody can read them, you included."
        />
        {note.isError ? <ErrorState fault={note.error} /> : null}
        <FormActions onCancel={onClose} busy={note.isPending}>
          Note
        </FormActions>
      </form>
    </Dialog>
  );
}

function TakeBackDialog({ one, onClose }: { readonly one: InterestView | null; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [words, setWords] = useState("");
  const take = useMutation({
    mutationFn: ({ actor, because }: { readonly actor: string; readonly because: string }) => {
      const body = { actor, words: words.trim() === "" ? null : words.trim(), because };
      return request(`${path}/withdrawals`, { method: "POST", body });
    },
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: interestsQuery.queryKey });
    },
  });
  return (
    <ReasonDialog
      title={`Take back what is noted of ${one?.name ?? "somebody"}`}
      action="Take it back"
      open={one !== null}
      least={reasonMin}
      busy={take.isPending}
      fault={take.error}
      onClose={onClose}
      onSave={(because) => one !== null && take.mutate({ actor: one.actor, because })}
    >
      <TextField
        label="Words"
        autoComplete="off"
        maxLength={500}
        value={words}
        onChange={(event) => setWords(event.target.value)}
        hint="As they were noted. Empty: all of this person's."
      />
    </ReasonDialog>
  );
}
