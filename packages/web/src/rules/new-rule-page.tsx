import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { ErrorState } from "../design/error-state.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { useToasts } from "../design/toast.tsx";
import { firstFilter, firstRule, newId } from "./first-texts.ts";
import { useKeptText } from "./kept-text.ts";
import { readNewRuleSearch } from "./new-rule-search.ts";
import { RuleEditor } from "./rule-editor.tsx";
import { ruleQuery, useRuleChange, versionQuery } from "./rule-queries.ts";
import { doneText } from "./rule-words.ts";
import { UnsavedNote } from "./unsaved-note.tsx";

const words = {
  rule: {
    title: "New rule",
    says: "It is kept as a draft: it sees no signal before it is let watch, and tells nobody before it runs.",
  },
  filter: {
    title: "New filter",
    says: "It keeps out what rules match and nobody needs to see. It is kept as a draft, and hides nothing before it runs.",
  },
} as const;

/** A new rule or filter, from a small one that works. `key` it by its address: the other kind begins with another text. */
export function NewRulePage() {
  const { kind, rule } = readNewRuleSearch(useSearch({ strict: false }));
  const of = kind === "filter" ? "filter" : "rule";
  return (
    <>
      <title>{`${words[of].title} · Tillwatch`}</title>
      <header className="grid gap-1 pt-5 pb-3 md:pt-7">
        <Link to="/rules" className="justify-self-start text-sm text-ink-muted hover:underline">
          Rules
        </Link>
        <h1 className="text-xl font-semibold tracking-tight">{words[of].title}</h1>
        <p className="max-w-prose text-sm text-ink-muted">{words[of].says}</p>
      </header>
      {of === "filter" && rule !== undefined ? (
        <ForRule key={rule} id={rule} />
      ) : (
        <Writing
          key={of}
          name={`new ${of}`}
          of={of}
          begin={() => (of === "filter" ? firstFilter(newId(), null) : firstRule(newId()))}
        />
      )}
    </>
  );
}

/** A filter for one rule begins with what that rule says of itself. */
function ForRule({ id }: { readonly id: string }) {
  const rule = useQuery(ruleQuery(id));
  const number = rule.data?.live ?? rule.data?.latest ?? 0;
  const version = useQuery({ ...versionQuery(id, number), enabled: rule.data !== undefined && rule.data.editable });
  const failed = [rule, version].find((one) => one.isError);
  if (failed !== undefined) return <ErrorState fault={failed.error} onRetry={() => void failed.refetch()} />;
  if (rule.data === undefined || (rule.data.editable && version.data === undefined))
    return <SkeletonLines lines={12} says="Loading the rule" />;
  const { title, service } = rule.data;
  const text = version.data?.text ?? "";
  return (
    <Writing name={`new filter ${id}`} of="filter" begin={() => firstFilter(newId(), { id, title, service, text })} />
  );
}

type Writing = { readonly name: string; readonly of: keyof typeof words; readonly begin: () => string };

function Writing({ name, of, begin }: Writing) {
  const [first] = useState(begin);
  const [kept, keep] = useKeptText(name);
  const text = kept?.text ?? first;
  const [asks, setAsks] = useState(false);
  const navigate = useNavigate();
  const toasts = useToasts();
  const change = useRuleChange((changed) => {
    toasts.show({ says: doneText(changed, of) });
    keep(null);
    void navigate({ to: "/rules/$id", params: { id: changed.id } });
  });
  return (
    <>
      <UnsavedNote kept={kept} latest={null} onDrop={() => keep(null)} />
      <RuleEditor
        text={text}
        onText={(typed) => keep(typed === first ? null : { text: typed, over: null })}
        action="Keep as a draft"
        unchanged={text === ""}
        onSave={() => setAsks(true)}
      />
      <ReasonDialog
        title={`Keep the ${words[of].title.toLowerCase()}`}
        action="Keep as a draft"
        open={asks}
        busy={change.isPending}
        fault={change.error}
        onClose={() => setAsks(false)}
        onSave={(because) => change.mutate({ path: "", body: { rule: text, because } })}
      />
    </>
  );
}
