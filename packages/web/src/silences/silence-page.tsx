import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { severityText } from "@tillwatch/wire";
import { Inbox } from "lucide-react";
import { useState } from "react";
import { sitesQuery } from "../api/queries.ts";
import { useMay } from "../app/may.ts";
import { LevelBadge, StateBadge, Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Card, Facts } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Table, type Column } from "../design/table.tsx";
import { endText, Moment } from "../design/time.tsx";
import { useToasts } from "../design/toast.tsx";
import { codeText } from "../design/words.ts";
import { whoAmIQuery } from "../people/people-queries.ts";
import { Who } from "../people/who.tsx";
import { silenceQuery, useSilenceChange } from "./silence-queries.ts";
import type { HiddenCase, SilenceStep, SilenceView } from "./silence-shapes.ts";
import { stateWords, waitsForSignature, whatText, whereText } from "./silence-words.ts";

/** One silence: what it covers, why, who stands behind it, and every case that it held back. */
export function SilencePage() {
  const { id = "" } = useParams({ strict: false });
  const silence = useQuery(silenceQuery(id));
  if (silence.data === undefined) {
    return (
      <div className="pt-7">
        {silence.isError ? (
          <ErrorState fault={silence.error} onRetry={() => void silence.refetch()} />
        ) : (
          <SkeletonLines lines={10} says="Loading the silence" />
        )}
      </div>
    );
  }
  return <Loaded silence={silence.data} />;
}

type Given = { readonly silence: SilenceView };

function Loaded({ silence }: Given) {
  const { says, tone } = stateWords[silence.state];
  return (
    <>
      <title>{`${whatText(silence)} · Silences · Tillwatch`}</title>
      <header className="grid gap-2 pt-5 pb-3 md:pt-7">
        <Link to="/silences" className="justify-self-start text-sm text-ink-muted hover:underline">
          Silences
        </Link>
        <h1 className="text-xl font-semibold tracking-tight break-words">{whatText(silence)}</h1>
        <p className="flex flex-wrap gap-1">
          <Tag tone={tone}>{says}</Tag>
          {waitsForSignature(silence) ? <Tag tone="warn">waits for a signature</Tag> : null}
        </p>
      </header>
      <Actions silence={silence} />
      <div className="grid grid-cols-1 gap-4 lg:grid-cols-[minmax(0,24rem)_minmax(0,1fr)] lg:items-start">
        <About silence={silence} />
        <Cases silence={silence} />
      </div>
    </>
  );
}

function About({ silence }: Given) {
  const may = useMay();
  const sites = useQuery({ ...sitesQuery, enabled: may("site:list") }).data?.items ?? [];
  const { names, signed, ended, level } = silence;
  const steps: readonly (readonly [string, SilenceStep | null])[] = [
    ["Made", { at: silence.madeAt, by: silence.owner, because: silence.because }],
    ["Signed", signed],
    ["Ended early", ended],
  ];
  return (
    <Card title="What it covers">
      <div className="grid gap-4">
        <Facts
          items={[
            ["Where", whereText(silence, sites)],
            ["From", endText(silence.startsAt)],
            ["Until", endText(silence.endsAt)],
            ["Holds back", level === 1 ? "level 1" : signed === null ? "level 1, and 2 once signed" : "levels 1 and 2"],
          ]}
        />
        <ol className="grid gap-3 border-t border-line pt-3 text-sm" aria-label="Who stands behind it">
          {steps.map(([word, step]) =>
            step === null ? null : (
              <li key={word} className="grid gap-0.5">
                <p>
                  {word} by <Who actor={step.by} names={names} />
                </p>
                <p className="break-words text-ink-soft">&ldquo;{step.because}&rdquo;</p>
                <p className="text-xs text-ink-muted">
                  <Moment at={step.at} />
                </p>
              </li>
            ),
          )}
        </ol>
      </div>
    </Card>
  );
}

type Act = "sign" | "end";
const actWords = {
  sign: {
    title: "Sign the silence",
    verb: "Sign",
    says: "From now on it holds back tampering too (level 2). Your name stands beside the owner's.",
    done: "It holds back level 2 from now on.",
  },
  end: {
    title: "End the silence",
    verb: "End it now",
    says: "What is found from now on opens cases again. What was held back stays where it is: on the watch list, and listed here.",
    done: "The silence is over.",
  },
} as const;

function Actions({ silence }: Given) {
  const may = useMay();
  const me = useQuery(whoAmIQuery).data?.actor;
  const toasts = useToasts();
  const [act, setAct] = useState<Act | null>(null);
  const change = useSilenceChange(() => {
    if (act !== null) toasts.show({ says: actWords[act].done });
    setAct(null);
  });
  if (silence.state === "ended") return null;
  const waits = waitsForSignature(silence);
  const signs = waits && may("silence:sign") && me !== silence.owner;
  return (
    <div className="grid gap-3 pb-4">
      {waits ? (
        <p className="rounded-md border border-line-strong bg-warn-wash px-4 py-3 text-sm">
          {me === silence.owner ? "Another person signs it" : "It waits for a second person"}: until then what it finds
          of tampering opens cases as ever.
        </p>
      ) : null}
      <div className="flex flex-wrap gap-2">
        {signs ? (
          <Button look="primary" onClick={() => setAct("sign")}>
            Sign
          </Button>
        ) : null}
        {may("silence:write") ? <Button onClick={() => setAct("end")}>End it now</Button> : null}
      </div>
      <ReasonDialog
        title={act === null ? "" : actWords[act].title}
        action={act === null ? "" : actWords[act].verb}
        open={act !== null}
        busy={change.isPending}
        fault={change.error}
        onClose={() => {
          setAct(null);
          change.reset();
        }}
        onSave={(because) => {
          if (act !== null) change.mutate({ at: `/${silence.id}/${act}`, body: { because } });
        }}
      >
        <p className="text-sm">{act === null ? "" : actWords[act].says}</p>
      </ReasonDialog>
    </div>
  );
}

function Cases({ silence }: Given) {
  const { cases, state } = silence;
  return (
    <Card
      title="What it held back"
      flush
      aside={<span className="text-xs text-ink-muted tabular-nums">{cases.length}</span>}
    >
      {cases.length === 0 ? (
        <EmptyState icon={Inbox} title={state === "ended" ? "It held back nothing" : "Nothing so far"}>
          Cases that would have opened are listed here, each with its page.
        </EmptyState>
      ) : (
        <Table
          label="What it held back"
          columns={columns}
          rows={cases}
          idOf={({ incidentId }) => incidentId}
          renderPhone={(one) => <PhoneCase one={one} />}
        />
      )}
    </Card>
  );
}

const howWords = { held: "would have opened", quiet: "open, nobody was told" } as const;

function CaseLink({ one }: { readonly one: HiddenCase }) {
  return (
    <Link
      to="/incidents/$id"
      params={{ id: one.incidentId }}
      className="font-mono text-xs font-medium whitespace-nowrap text-accent-strong underline underline-offset-2"
    >
      {one.ref}
    </Link>
  );
}

function PhoneCase({ one }: { readonly one: HiddenCase }) {
  return (
    <span className="grid gap-1 py-1">
      <span className="flex flex-wrap items-center gap-2">
        <CaseLink one={one} />
        <StateBadge state={one.state} />
        <LevelBadge level={one.level} short />
        <span className="ml-auto tabular-nums">{severityText(one.severity)}</span>
      </span>
      <span className="text-sm">{codeText(one.category)}</span>
      <span className="text-xs text-ink-muted">
        <Moment at={one.lastAt} /> · {howWords[one.kind]}
      </span>
    </span>
  );
}

const columns: readonly Column<HiddenCase>[] = [
  { id: "ref", title: "Case", cell: (one) => <CaseLink one={one} /> },
  {
    id: "what",
    title: "What",
    cell: (one) => (
      <span className="grid">
        <span>{codeText(one.category)}</span>
        <span className="text-xs text-ink-muted">{howWords[one.kind]}</span>
      </span>
    ),
  },
  { id: "state", title: "State", cell: (one) => <StateBadge state={one.state} /> },
  { id: "level", title: "Level", cell: (one) => <LevelBadge level={one.level} short /> },
  {
    id: "severity",
    title: "Severity",
    numeric: true,
    cell: (one) => <span className="tabular-nums">{severityText(one.severity)}</span>,
  },
  { id: "at", title: "Last signal", cell: (one) => <Moment at={one.lastAt} /> },
];
