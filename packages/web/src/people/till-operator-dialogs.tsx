import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { sitesQuery } from "../api/queries.ts";
import { request } from "../api/request.ts";
import { Select, TextField } from "../design/field.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { allTillOperatorsQuery } from "./people-queries.ts";
import type { TillOperatorView } from "./people-shapes.ts";

const reasonMin = 10; // as the server asks for them

type Somebody = { readonly id: string; readonly name: string };

/** By what tills name somebody: this person or, with `people`, one to be chosen of them. */
export function JoinOperator(props: {
  readonly of?: Somebody;
  readonly people?: readonly Somebody[];
  readonly open: boolean;
  readonly onClose: () => void;
}) {
  const { of, people = [], open, onClose } = props;
  const queries = useQueryClient();
  const [chosen, setChosen] = useState("");
  const [operator, setOperator] = useState("");
  const [siteId, setSiteId] = useState("");
  const person = of ?? people.find(({ id }) => id === chosen);
  const close = () => {
    setChosen("");
    setOperator("");
    setSiteId("");
    join.reset();
    onClose();
  };
  const join = useMutation({
    mutationFn: ({ to, because }: { readonly to: Somebody; readonly because: string }) => {
      const body = { operator: operator.trim(), siteId: siteId === "" ? null : siteId, because };
      return request<unknown>(`/api/v1/accounts/${to.id}/till-operators`, { method: "POST", body });
    },
    onSuccess: async (_answer, { to }) => {
      close();
      await queries.invalidateQueries({ queryKey: ["accounts", to.id] });
      await queries.invalidateQueries({ queryKey: allTillOperatorsQuery.queryKey });
    },
  });
  return (
    <ReasonDialog
      title={`What tills call ${of?.name ?? "somebody"}`}
      action="Join"
      open={open}
      least={reasonMin}
      blocked={
        person === undefined ? "Who is it?" : operator.trim() === "" ? "The operator, as the till has it." : null
      }
      busy={join.isPending}
      fault={join.error}
      onClose={close}
      onSave={(because) => person !== undefined && join.mutate({ to: person, because })}
    >
      {of === undefined ? <WhoSelect people={people} chosen={chosen} onChoose={setChosen} /> : null}
      <TextField
        label="Operator"
        autoComplete="off"
        maxLength={200}
        value={operator}
        onChange={(event) => setOperator(event.target.value)}
        hint="As the till's signals have it."
      />
      <ShopSelect siteId={siteId} onChoose={setSiteId} />
    </ReasonDialog>
  );
}

function ShopSelect({ siteId, onChoose }: { readonly siteId: string; readonly onChoose: (id: string) => void }) {
  const { data } = useQuery(sitesQuery);
  return (
    <Select
      label="Shop"
      value={siteId}
      onChange={(event) => onChoose(event.target.value)}
      hint="One, where each shop numbers its own people."
    >
      <option value="">Every shop</option>
      {(data?.items ?? []).map(({ id, name }) => (
        <option key={id} value={id}>
          {name} ({id})
        </option>
      ))}
    </Select>
  );
}

function WhoSelect(props: {
  readonly people: readonly Somebody[];
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
}) {
  return (
    <Select label="Who" value={props.chosen} onChange={(event) => props.onChoose(event.target.value)}>
      <option value="">Choose</option>
      {props.people.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </Select>
  );
}

/** It is this person's no more. */
export function EndOperator(props: {
  readonly operator: (TillOperatorView & { readonly accountId: string }) | null;
  readonly onClose: () => void;
}) {
  const { operator, onClose } = props;
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: ({ of, because }: { readonly of: NonNullable<typeof operator>; readonly because: string }) =>
      request<unknown>(`/api/v1/accounts/${of.accountId}/till-operators/${of.id}/end`, {
        method: "POST",
        body: { because },
      }),
    onSuccess: async (_answer, { of }) => {
      onClose();
      await queries.invalidateQueries({ queryKey: ["accounts", of.accountId] });
      await queries.invalidateQueries({ queryKey: allTillOperatorsQuery.queryKey });
    },
  });
  return (
    <ReasonDialog
      title={`End ${operator?.operator ?? "the operator"}`}
      action="End it now"
      open={operator !== null}
      least={reasonMin}
      busy={end.isPending}
      fault={end.error}
      onClose={() => {
        end.reset();
        onClose();
      }}
      onSave={(because) => operator !== null && end.mutate({ of: operator, because })}
    >
      <p className="text-sm">Further cases are not walled by it. Where it named the person, the wall stays.</p>
    </ReasonDialog>
  );
}
