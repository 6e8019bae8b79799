import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../api/request.ts";
import { sitesQuery } from "../api/queries.ts";
import { useMay } from "../app/may.ts";
import { Button } from "../design/button.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { Ago, Moment } from "../design/time.tsx";
import { Who } from "../people/who.tsx";
import { whereText } from "./silence-words.ts";

type Dismissed = {
  readonly ruleId: string;
  readonly ruleTitle: string | null;
  readonly siteId: string;
  readonly zoneId: string | null;
  readonly dismissed: number;
  readonly judged: number;
  readonly share: number; // thousandths
  readonly lastAt: string;
};

type DismissalList = {
  readonly on: boolean;
  readonly changedAt: string | null;
  readonly changedBy: string | null;
  readonly days: number | null; // null: the weights have none
  readonly items: readonly Dismissed[];
  readonly names: Readonly<Record<string, string>>;
};

const dismissalsQuery = queryOptions({
  queryKey: ["dismissals"],
  queryFn: ({ signal }) => request<DismissalList>("/api/v1/dismissals", { signal }),
});

/** What ranks lower at a place because people said there again and again that it did not happen; with the switch. */
export function Dismissals() {
  const list = useQuery(dismissalsQuery);
  if (list.data === undefined) {
    return list.isError ? <ErrorState fault={list.error} onRetry={() => void list.refetch()} /> : null;
  }
  const { on, days, items } = list.data;
  if (days === null) return null;
  return (
    <section aria-labelledby="dismissals" className="pt-6">
      <div className="flex flex-wrap items-end justify-between gap-3 pb-2">
        <div>
          <h2 id="dismissals" className="text-sm font-semibold">
            Ranked lower after dismissals{" "}
            <span className="font-normal text-ink-muted tabular-nums">{on ? items.length : "off"}</span>
          </h2>
          <p className="max-w-prose text-sm text-ink-muted">
            Verdicts &ldquo;False&rdquo; of the last {days} days, by rule and place. It still opens its cases; level 2
            and 3 keep their rank. One verdict &ldquo;True&rdquo; takes it back.
          </p>
        </div>
        <Switch list={list.data} />
      </div>
      {!on || items.length === 0 ? (
        <p className="rounded-md border border-line bg-surface px-4 py-3 text-sm text-ink-muted">
          {on ? "Nothing ranks lower." : <OffText list={list.data} />}
        </p>
      ) : (
        <ul className="rounded-md border border-line bg-surface shadow-raised">
          {items.map((item) => (
            <Row key={`${item.ruleId} ${item.siteId} ${item.zoneId}`} item={item} />
          ))}
        </ul>
      )}
    </section>
  );
}

function OffText({ list }: { readonly list: DismissalList }) {
  if (list.changedBy === null || list.changedAt === null) return <>Dismissals lower no rank.</>;
  return (
    <>
      <Who actor={list.changedBy} names={list.names} /> turned it off, <Moment at={list.changedAt} />.
    </>
  );
}

function Row({ item }: { readonly item: Dismissed }) {
  const may = useMay();
  const sites = useQuery({ ...sitesQuery, enabled: may("site:list") }).data?.items ?? [];
  return (
    <li className="grid gap-x-6 gap-y-0.5 border-b border-line px-4 py-3 text-sm last:border-0 md:grid-cols-[minmax(0,1fr)_minmax(0,22rem)]">
      <p className="min-w-0">
        <span className="font-semibold break-words">{item.ruleTitle ?? `Rule ${item.ruleId}`}</span>
        <span className="block text-ink-soft">{whereText({ ...item, deviceId: null }, sites)}</span>
      </p>
      <p className="md:text-right">
        <span className="font-medium tabular-nums">counts {Math.round(item.share / 10)} % less</span>
        <span className="block text-ink-soft">
          dismissed {item.dismissed} of {item.judged} times, the last verdict <Ago at={item.lastAt} />
        </span>
      </p>
    </li>
  );
}

function Switch({ list }: { readonly list: DismissalList }) {
  const may = useMay();
  const queries = useQueryClient();
  const [asks, setAsks] = useState(false);
  const turn = useMutation({
    mutationFn: (because: string) =>
      request<unknown>("/api/v1/dismissals/switch", { method: "POST", body: { on: !list.on, because } }),
    onSuccess: async () => {
      setAsks(false);
      await queries.invalidateQueries({ queryKey: ["dismissals"] });
    },
  });
  if (!may("dismissal:switch")) return null;
  const verb = list.on ? "Turn off" : "Turn on";
  return (
    <>
      <Button onClick={() => setAsks(true)}>{verb}</Button>
      <ReasonDialog
        title={`${verb} ranking by dismissals`}
        action={verb}
        open={asks}
        busy={turn.isPending}
        fault={turn.error}
        onClose={() => {
          setAsks(false);
          turn.reset();
        }}
        onSave={(because) => turn.mutate(because)}
      >
        <p className="text-sm">
          {list.on
            ? "From the next signals on everything ranks as if nobody had dismissed anything, in every shop."
            : "From the next signals on what was dismissed again and again at a place ranks lower there, in every shop."}
        </p>
      </ReasonDialog>
    </>
  );
}
