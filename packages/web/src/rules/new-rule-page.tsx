import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { useToasts } from "../design/toast.tsx";
import { RuleEditor } from "./rule-editor.tsx";
import { useRuleChange } from "./rule-queries.ts";
import { doneText } from "./rule-words.ts";

/** A new rule, from a small one that works. */
export function NewRulePage() {
  const [text, setText] = useState(firstRule);
  const [asks, setAsks] = useState(false);
  const navigate = useNavigate();
  const toasts = useToasts();
  const change = useRuleChange((changed) => {
    toasts.show({ says: doneText(changed) });
    void navigate({ to: "/rules/$id", params: { id: changed.id } });
  });
  return (
    <>
      <title>New rule · Tillwatch</title>
      <header className="grid gap-1 pt-5 pb-3 md:pt-7">
        <Link to="/rules" className="justify-self-start text-sm text-ink-muted hover:underline">
          Rules
        </Link>
        <h1 className="text-xl font-semibold tracking-tight">New rule</h1>
        <p className="max-w-prose text-sm text-ink-muted">
          It is kept as a draft: it sees no signal before it is let watch, and tells nobody before it runs.
        </p>
      </header>
      <RuleEditor
        text={text}
        onText={setText}
        action="Keep as a draft"
        unchanged={text === ""}
        onSave={() => setAsks(true)}
      />
      <ReasonDialog
        title="Keep the new rule"
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

/** A random UUID also where the page came over plain HTTP, in which browsers keep `crypto.randomUUID` away. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const marked = bytes.map((byte, at) => (at === 6 ? (byte & 0x0f) | 0x40 : at === 8 ? (byte & 0x3f) | 0x80 : byte));
  const hex = [...marked].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function firstRule(): string {
  return `title: Goods taken back without a receipt at night
id: ${newId()}
description: What is seen, and why it matters.
logsource:
  product: retail
  service: till
detection:
  selection:
    event_type: pos_refund
    time.open: false
  condition: selection
falsepositives:
  - Stocktaking
level: medium

tillwatch:
  category: till_fraud
  level: 1
  points: 1500
  says: "Goods were taken back while the shop was closed"

tests:
  match:
    - title: "at two in the morning"
      event: { event_type: pos_refund, device: { id: T-01, kind: till }, time: { open: false, hour: 2 } }
  no_match:
    - title: "by day"
      event: { event_type: pos_refund, device: { id: T-01, kind: till }, time: { open: true, hour: 14 } }
`;
}
