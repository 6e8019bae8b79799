import { useQuery } from "@tanstack/react-query";
import { UserPlus, UsersRound } from "lucide-react";
import { useState } from "react";
import { useMay } from "../app/may.ts";
import { Tag, type Tone } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Ago } from "../design/time.tsx";
import { InviteDialog } from "./invite-dialog.tsx";
import { accountsQuery } from "./people-queries.ts";
import { rolesText, type AccountView } from "./people-shapes.ts";
import { PersonDialog } from "./person-dialog.tsx";

const stateTones: Readonly<Record<AccountView["state"], { readonly tone: Tone; readonly says: string }>> = {
  invited: { tone: "warn", says: "Invited" },
  active: { tone: "good", says: "Active" },
  suspended: { tone: "bad", says: "Suspended" },
  ended: { tone: "plain", says: "Ended" },
};

/** The people of the organisation, for its administrators. */
export function PeoplePage() {
  const may = useMay();
  const accounts = useQuery(accountsQuery);
  const [inviting, setInviting] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  const person = accounts.data?.find((account) => account.id === chosen) ?? null;
  return (
    <>
      <title>People · Tillwatch</title>
      <div className="flex flex-wrap items-center justify-between gap-3 pt-5 pb-4">
        <h1 className="text-xl font-semibold tracking-tight">People</h1>
        {may("account:write") ? (
          <Button look="primary" onClick={() => setInviting(true)}>
            <UserPlus className="size-4" aria-hidden="true" />
            Invite
          </Button>
        ) : null}
      </div>
      <div className="rounded-md border border-line bg-surface shadow-raised">
        {accounts.data === undefined ? (
          accounts.isError ? (
            <ErrorState fault={accounts.error} onRetry={() => void accounts.refetch()} />
          ) : (
            <SkeletonLines lines={8} says="Loading the people" />
          )
        ) : accounts.data.length === 0 ? (
          <EmptyState icon={UsersRound} title="Nobody yet">
            Invite the first person: you get a link to hand over.
          </EmptyState>
        ) : (
          <Table
            label="People"
            columns={columnsWith(setChosen)}
            rows={sorted(accounts.data)}
            idOf={(account) => account.id}
          />
        )}
      </div>
      <InviteDialog open={inviting} onClose={() => setInviting(false)} />
      <PersonDialog person={person} onClose={() => setChosen(null)} />
    </>
  );
}

const stateOrder: readonly AccountView["state"][] = ["active", "invited", "suspended", "ended"];

function sorted(accounts: readonly AccountView[]): readonly AccountView[] {
  return [...accounts].sort(
    (a, b) => stateOrder.indexOf(a.state) - stateOrder.indexOf(b.state) || a.name.localeCompare(b.name),
  );
}

function columnsWith(choose: (id: string) => void): readonly Column<AccountView>[] {
  return [
    {
      id: "name",
      title: "Name",
      cell: ({ id, name, login }) => (
        <>
          <button type="button" className="text-left font-medium text-accent underline" onClick={() => choose(id)}>
            {name}
          </button>
          <p className="text-xs break-all text-ink-muted">{login}</p>
        </>
      ),
    },
    { id: "roles", title: "Roles", cell: ({ roles }) => rolesText(roles) },
    { id: "places", title: "Places", cell: placesText },
    {
      id: "state",
      title: "State",
      cell: ({ state }) => <Tag tone={stateTones[state].tone}>{stateTones[state].says}</Tag>,
    },
    {
      id: "seen",
      title: "Last seen",
      cell: ({ lastSeenAt }) => (lastSeenAt === null ? "never" : <Ago at={lastSeenAt} />),
    },
  ];
}

function placesText({ sites, regions }: AccountView): string {
  if (sites === null && regions === null) return "everywhere";
  const all = [...(regions ?? []), ...(sites ?? [])];
  return all.length === 0 ? "nowhere" : all.join(", ");
}
