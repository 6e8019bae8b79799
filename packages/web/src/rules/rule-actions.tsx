import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "../app/may.ts";
import { Button, buttonClass } from "../design/button.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { useToasts } from "../design/toast.tsx";
import { whoAmIQuery } from "../people/people-queries.ts";
import { Who } from "../people/who.tsx";
import { useRuleChange, versionQuery } from "./rule-queries.ts";
import type { Bar, Rule } from "./rule-shapes.ts";
import { RunFigures } from "./run-figures.tsx";
import { barText, doneText, runsText, versionWord } from "./rule-words.ts";

type Act = {
  readonly title: string;
  readonly verb: string;
  readonly path: string;
  readonly says: string;
  readonly body?: object;
  readonly lets?: number; // the version that it lets run
};

/** What can be done with the rule now; each asks for a reason, and the server for a second proof where it changes what runs. */
export function RuleActions({ rule, bar }: { readonly rule: Rule; readonly bar: Bar }) {
  const may = useMay();
  const toasts = useToasts();
  const [act, setAct] = useState<Act | null>(null);
  const change = useRuleChange((changed) => {
    toasts.show({ says: doneText(changed, rule.kind) });
    setAct(null);
  });
  const acts = [...(may("rule:write") ? watchActs(rule) : []), ...(may("rule:activate") ? runActs(rule, bar) : [])];
  const isFilter = rule.kind === "filter";
  // A correlation is narrowed through what it counts.
  const narrows = may("rule:write") && rule.kind === "rule" && rule.live !== null;
  const silences =
    may("silence:write") && !isFilter && rule.live !== null && rule.level !== "critical" && rule.triageLevel < 3;
  if (acts.length === 0 && rule.asked === null && !silences && !narrows) return null;
  return (
    <div className="grid gap-3 pb-4">
      {rule.asked === null ? null : <Signature rule={rule} onSign={setAct} signs={may("rule:activate")} />}
      <div className="flex flex-wrap gap-2">
        {acts.map((one) => (
          <Button
            key={one.verb}
            look={one.verb === "Let it run" ? "primary" : one.verb === "Retire" ? "danger" : "plain"}
            onClick={() => setAct(one)}
          >
            {one.verb}
          </Button>
        ))}
        {narrows ? (
          <Link to="/rules/new" search={{ kind: "filter", rule: rule.id }} className={buttonClass("plain")}>
            Write a filter
          </Link>
        ) : null}
        {silences ? (
          <Link to="/silences/new" search={{ rule: rule.id }} className={buttonClass("plain")}>
            Silence
          </Link>
        ) : null}
      </div>
      <ReasonDialog
        title={act?.title ?? ""}
        action={act?.verb ?? ""}
        open={act !== null}
        busy={change.isPending}
        fault={change.error}
        onClose={() => {
          setAct(null);
          change.reset();
        }}
        onSave={(because) => {
          if (act !== null) change.mutate({ path: `/${rule.id}${act.path}`, body: { ...act.body, because } });
        }}
      >
        <p className="text-sm">{act?.says}</p>
        {act?.lets === undefined ? null : <RunFigures rule={rule} number={act.lets} />}
      </ReasonDialog>
    </div>
  );
}

/** The newest version that neither runs nor watches can be let watch. */
function watchActs(rule: Rule): readonly Act[] {
  const { latest, live, shadow } = rule;
  const watch: Act = {
    title: `Let version ${latest} watch`,
    verb: `Let version ${latest} watch`,
    path: `/versions/${latest}/shadow`,
    says:
      rule.kind === "filter"
        ? "What it would keep out is counted and listed from now on. It hides nothing. Its tests must pass."
        : "Its matches are counted and listed from now on. It opens no case and tells nobody. Its tests must pass.",
  };
  const end: Act = {
    title: "End the watch",
    verb: "End the watch",
    path: "/end-shadow",
    says: `Version ${shadow} sees no signal any more. What it matched stays listed for 90 days.`,
  };
  return [...(latest > 0 && latest !== live && latest !== shadow ? [watch] : []), ...(shadow === null ? [] : [end])];
}

function runActs(rule: Rule, bar: Bar): readonly Act[] {
  const { live, shadow, asked } = rule;
  const run: Act = {
    title: `Let version ${shadow} run`,
    verb: "Let it run",
    path: `/versions/${shadow}/activate`,
    says: `${runText(rule, bar)} Its tests must pass.`,
    lets: shadow ?? 0,
  };
  const retire: Act = {
    title: rule.kind === "filter" ? "Retire the filter" : "Retire the rule",
    verb: "Retire",
    path: "/retire",
    says:
      rule.kind === "filter"
        ? "It keeps nothing out any more, in no shop: what its rules match is detected from now on."
        : "It detects nothing any more, in no shop. What it detected stays.",
  };
  return [
    ...(shadow === null || asked !== null ? [] : [run]),
    ...backActs(rule, bar),
    ...(live === null || !rule.editable ? [] : [retire]),
  ];
}

/** Back to what ran before, or what was retired once more; and the refusal of that. */
function backActs(rule: Rule, bar: Bar): readonly Act[] {
  const { live, shadow, back, asked } = rule;
  if (live === null && asked !== null && asked.number !== shadow) {
    const title = `Leave ${versionWord(asked.number)} retired`;
    const says = "It does not run again, and waits for no signature any more.";
    return [{ title, verb: "Leave it retired", path: "/retire", says }];
  }
  if (back === null) return [];
  if (!back.guarded) {
    const after = back.live === null ? "nothing of this rule runs" : `${runsText(back.live)} again`;
    const says = `Runs now: ${versionWord(live)}. Afterwards ${after}, at once.`;
    return [{ title: "Roll back", verb: "Roll back", path: "/roll-back", says }];
  }
  const title = `Let ${versionWord(back.live)} run again`;
  // What it matched while it watched is not shown here, so neither is how far it is from the bar.
  const guard = rule.pages && rule.kind !== "filter" ? barText({ right: 0, wrong: 0 }, bar) : runText(rule, bar);
  const says = `It was taken out, so it is let run as any version. ${guard} Its tests must pass.`;
  return [{ title, verb: "Let it run again", path: "/roll-back", says, body: { to: back.live }, lets: back.live ?? 0 }];
}

function runText({ kind, pages, shadowJudged }: Rule, bar: Bar): string {
  if (kind === "filter")
    return pages
      ? "It hides what can open or raise a case, so another person signs, whatever its precision."
      : "It hides nothing that puts somebody on his feet, so nobody else signs.";
  return pages
    ? barText(shadowJudged ?? { right: 0, wrong: 0 }, bar)
    : "It puts nobody on his feet, so nobody else signs.";
}

type Signed = { readonly rule: Rule; readonly signs: boolean; readonly onSign: (act: Act) => void };

/** A version waits for another person: he signs exactly the text that he was shown. */
function Signature({ rule, signs, onSign }: Signed) {
  const { asked } = rule;
  const me = useQuery(whoAmIQuery).data?.actor;
  const version = useQuery({ ...versionQuery(rule.id, asked?.number ?? 0), enabled: asked !== null });
  if (asked === null) return null;
  const author = rule.versions.find(({ number }) => number === asked.number)?.author;
  const another = me !== asked.by && me !== author;
  const act: Act = {
    title: `Sign version ${asked.number}`,
    verb: "Sign, so that it runs",
    path: `/versions/${asked.number}/sign`,
    says: "Read its text and its difference under Versions first: your name stands under it from now on, and it runs at once.",
    body: { sha256: version.data?.sha256 ?? "" },
    lets: asked.number,
  };
  return (
    <div className="flex flex-wrap items-center justify-between gap-3 rounded-md border border-line-strong bg-warn-wash px-4 py-3 text-sm">
      <p>
        <Who actor={asked.by} names={rule.names} /> asked to let {versionWord(asked.number)} run.{" "}
        {rule.kind === "filter"
          ? "It hides what can open or raise a case, so a second person signs"
          : "Its precision is not shown to be above the bar, so a second person signs"}
        : anyone who may let rules run, but not <Who actor={asked.by} names={rule.names} />
        {author === undefined || author === asked.by || author === "pack" ? null : (
          <>
            , who asked, and not <Who actor={author} names={rule.names} />, who wrote it
          </>
        )}
        .
      </p>
      {signs && another ? (
        <Button look="primary" disabled={version.data === undefined} onClick={() => onSign(act)}>
          Sign
        </Button>
      ) : null}
    </div>
  );
}
