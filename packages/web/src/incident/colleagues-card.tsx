import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { IncidentRecord } from "@tillwatch/wire";
import { useState } from "react";
import { request } from "../api/request.ts";
import { mayWith } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { Moment } from "../design/time.tsx";
import { rolesText } from "../people/people-shapes.ts";
import { whoAmIQuery } from "../people/people-queries.ts";
import { Who } from "../people/who.tsx";
import { Loaded } from "../privacy/loaded.tsx";
import { ColleaguePicker, WhatHappens } from "../report/colleague-step.tsx";
import { openingOf } from "./closed-file.tsx";
import { caseColleaguesQuery, conflictQuery, type CaseConflict } from "./conflict-queries.ts";

const reasonMin = 10; // as the server asks for them
type Named = CaseConflict["named"][number];
type Withdrawal = CaseConflict["withdrawals"][number];

/** Whom of the house a case is about: named here, and taken back by two. */
export function ColleaguesCard({ record }: { readonly record: IncidentRecord }) {
  const [naming, setNaming] = useState(false);
  const mayRead = openingOf(record, "incident:read_colleagues") === "open";
  const mayName = mayWith(record)("incident:name_colleague");
  if (!mayRead && !mayName) return null;
  return (
    <Card
      title="Colleagues"
      aside={mayName ? <Button onClick={() => setNaming(true)}>Name a colleague</Button> : undefined}
    >
      {mayRead ? (
        <WhoIsNamed record={record} />
      ) : (
        <p className="text-sm text-ink-muted">
          Is somebody of the house involved? Whoever you name does not see this case from then on.
        </p>
      )}
      <NameDialog record={record} open={naming} onClose={() => setNaming(false)} />
    </Card>
  );
}

function WhoIsNamed({ record }: { readonly record: IncidentRecord }) {
  const conflict = useQuery(conflictQuery(record.id));
  const [asking, setAsking] = useState<Named | "all" | null>(null);
  const mayUnname = mayWith(record)("incident:unname_colleague");
  return (
    <Loaded query={conflict} says="Loading whom it is about" lines={2}>
      {({ handlers, named, withdrawals, names }) => {
        const byPerson = named.some(({ through }) => through === "person");
        return (
          <div className="grid gap-3 text-sm">
            {handlers === null ? null : <p>Only these handle it: {rolesText(handlers)}.</p>}
            {named.length > 0 || handlers !== null ? null : (
              <p className="text-ink-muted">Nobody of the house is named.</p>
            )}
            <ul className="grid gap-2 empty:hidden">
              {named.map((each) => (
                <li key={each.ref} className="flex flex-wrap items-center justify-between gap-2">
                  <span className="min-w-0 break-words">
                    <span className="font-medium">{each.name ?? "Somebody whose account is gone"}</span>{" "}
                    <span className="text-ink-muted">
                      by {each.through === "till" ? "a till" : <Who actor={each.by} names={names} />}{" "}
                      <Moment at={each.at} />
                    </span>
                  </span>
                  {mayUnname ? (
                    <Button look="quiet" onClick={() => setAsking(each)}>
                      Take back<span className="sr-only"> {each.name}</span>
                    </Button>
                  ) : null}
                </li>
              ))}
            </ul>
            {mayUnname && handlers !== null && !byPerson ? (
              <div>
                <Button look="quiet" onClick={() => setAsking("all")}>
                  It is about no colleague
                </Button>
              </div>
            ) : null}
            <ul className="grid gap-2 empty:hidden" aria-label="What is to be taken back">
              {withdrawals
                .filter(({ state }) => state === "asked")
                .map((each) => (
                  <Waiting key={each.id} incidentId={record.id} withdrawal={each} names={names} mayDecide={mayUnname} />
                ))}
            </ul>
            <AskDialog incidentId={record.id} asking={asking} onClose={() => setAsking(null)} />
          </div>
        );
      }}
    </Loaded>
  );
}

function Waiting(props: {
  readonly incidentId: string;
  readonly withdrawal: Withdrawal;
  readonly names: CaseConflict["names"];
  readonly mayDecide: boolean;
}) {
  const { incidentId, withdrawal, names, mayDecide } = props;
  const { data: me } = useQuery(whoAmIQuery);
  const [approve, setApprove] = useState<boolean | null>(null);
  const mine = withdrawal.by === me?.actor;
  const decide = useChange(incidentId, `conflict/withdrawals/${withdrawal.id}/decision`);
  return (
    <li className="grid gap-2 rounded-sm border border-line bg-sunken p-3">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <Tag tone="warn">waits</Tag>
        <span className="min-w-0 break-words">
          {mine ? "You" : <Who actor={withdrawal.by} names={names} />} asked to take back{" "}
          {withdrawal.ref === null ? "that it is about a colleague" : (withdrawal.name ?? "a naming")}
        </span>
      </p>
      <p className="break-words text-ink-muted">{withdrawal.because}</p>
      {mine || !mayDecide ? (
        <p className="text-ink-muted">Waits for another person to decide</p>
      ) : (
        <div className="flex flex-wrap gap-2">
          <Button look="primary" onClick={() => setApprove(true)}>
            Take it back
          </Button>
          <Button onClick={() => setApprove(false)}>Leave it</Button>
        </div>
      )}
      <ReasonDialog
        title={approve === true ? "Take the naming back" : "Leave the naming"}
        action={approve === true ? "Take it back" : "Leave it"}
        open={approve !== null}
        least={reasonMin}
        busy={decide.isPending}
        fault={decide.error}
        onClose={() => setApprove(null)}
        onSave={(because) =>
          decide.mutate({ approve: approve === true, because }, { onSuccess: () => setApprove(null) })
        }
      >
        <p className="text-sm">You prove once more who you are. It stands in the record who asked and who decided.</p>
      </ReasonDialog>
    </li>
  );
}

function AskDialog(props: {
  readonly incidentId: string;
  readonly asking: Named | "all" | null;
  readonly onClose: () => void;
}) {
  const { incidentId, asking, onClose } = props;
  const ask = useChange(incidentId, "conflict/withdrawals");
  const colleague = asking === "all" || asking === null ? null : asking.ref;
  return (
    <ReasonDialog
      title={asking === "all" ? "It is about no colleague" : "Take the naming back"}
      action="Ask for it"
      open={asking !== null}
      least={reasonMin}
      busy={ask.isPending}
      fault={ask.error}
      onClose={() => {
        ask.reset();
        onClose();
      }}
      onSave={(because) => ask.mutate({ colleague, because }, { onSuccess: onClose })}
    >
      <p className="text-sm">
        {asking === "all"
          ? "Another person decides. Then anybody who works cases of this shop sees it."
          : "Another person decides. Then the colleague sees it as any other case."}
      </p>
    </ReasonDialog>
  );
}

function NameDialog(props: { readonly record: IncidentRecord; readonly open: boolean; readonly onClose: () => void }) {
  const { record, open, onClose } = props;
  const choices = useQuery({ ...caseColleaguesQuery(record.id), enabled: open });
  const [picked, setPicked] = useState<readonly string[]>([]);
  const name = useChange(record.id, "colleagues");
  const close = () => {
    setPicked([]);
    name.reset();
    onClose();
  };
  return (
    <ReasonDialog
      title={`A colleague is involved in ${record.ref}`}
      action="Name them"
      open={open}
      least={reasonMin}
      busy={name.isPending}
      fault={name.error}
      onClose={close}
      onSave={(because) => name.mutate({ colleagues: picked, because }, { onSuccess: close })}
    >
      <Loaded query={choices} says="Loading the colleagues" lines={4}>
        {({ items, handlers }) => (
          <div className="grid gap-3">
            <WhatHappens handlers={handlers} />
            <ColleaguePicker items={items} picked={picked} onChange={setPicked} />
            <p className="text-xs text-ink-muted">
              It is taken back only by two who handle such cases. Not in the list? Pick nobody.
            </p>
          </div>
        )}
      </Loaded>
    </ReasonDialog>
  );
}

function useChange(incidentId: string, path: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: object) =>
      request<unknown>(`/api/v1/incidents/${encodeURIComponent(incidentId)}/${path}`, { method: "POST", body }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["incident", incidentId] }),
  });
}
