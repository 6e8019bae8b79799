import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { PolicyMatrix } from "@tillwatch/wire";
import { useState } from "react";
import { request } from "../api/request.ts";
import { FormActions } from "../design/form-actions.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select, TextField } from "../design/field.tsx";
import { useToasts } from "../design/toast.tsx";
import { roleWords } from "../people/people-shapes.ts";
import { matrixQuery } from "../policy/policy-queries.ts";
import { wordsOf } from "../policy/policy-words.ts";
import type { VendorRules } from "./access-shapes.ts";
import { scopesFor, vendorHours } from "./vendor-scopes.ts";

/** Asks that a vendor's person be let in: for a ticket, for hours, for named actions. Another person lets them in. */
export function VendorRequestDialog({ rules, onClose }: { readonly rules: VendorRules; readonly onClose: () => void }) {
  return (
    <Dialog title="Ask to let a vendor in" open onClose={onClose}>
      <RequestForm rules={rules} onDone={onClose} />
    </Dialog>
  );
}

type Draft = {
  readonly accountToken: string;
  readonly ticket: string;
  readonly purpose: string;
  readonly role: string;
  readonly hours: string;
  readonly scopes: readonly string[];
};

const blank: Draft = { accountToken: "", ticket: "", purpose: "", role: "", hours: "4", scopes: [] };
const tokenForm = /^user:[0-9a-f-]{36}$/;
const hourMs = 3_600_000;

function RequestForm({ rules, onDone }: { readonly rules: VendorRules; readonly onDone: () => void }) {
  const queries = useQueryClient();
  const toasts = useToasts();
  const [draft, setDraft] = useState(blank);
  const set = (news: Partial<Draft>): void => setDraft({ ...draft, ...news });
  const ask = useMutation({
    mutationFn: () => {
      const nowMs = Date.now();
      const { role, hours, ...rest } = draft;
      const times = {
        startsAt: new Date(nowMs).toISOString(),
        endsAt: new Date(nowMs + Number(hours) * hourMs).toISOString(),
      };
      return request<unknown>("/api/v1/vendor-access", { method: "POST", body: { ...rest, roles: [role], ...times } });
    },
    onSuccess: async () => {
      onDone();
      toasts.show({ says: `Asked for ${draft.ticket}. Somebody else lets them in.` });
      await queries.invalidateQueries({ queryKey: ["access", "vendors"] });
    },
  });
  const complete =
    tokenForm.test(draft.accountToken) &&
    [draft.ticket, draft.purpose, draft.role].every((text) => text.trim() !== "") &&
    draft.scopes.length > 0;
  return (
    <form
      className="grid grid-cols-1 gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        ask.mutate();
      }}
    >
      <WhoFields draft={draft} onSet={set} />
      <WhatFields draft={draft} rules={rules} onSet={set} />
      {ask.isError ? <ErrorState fault={ask.error} /> : null}
      <FormActions onCancel={onDone} busy={ask.isPending} disabled={!complete}>
        Ask
      </FormActions>
    </form>
  );
}

type Fields = { readonly draft: Draft; readonly onSet: (news: Partial<Draft>) => void };

function WhoFields({ draft, onSet }: Fields) {
  const wrong = draft.accountToken !== "" && !tokenForm.test(draft.accountToken);
  return (
    <>
      <TextField
        label="Token of the vendor's person"
        required
        autoComplete="off"
        value={draft.accountToken}
        placeholder="user:…"
        onChange={(event) => onSet({ accountToken: event.target.value.trim() })}
        hint="They find it under My account and tell it with the ticket."
        error={wrong ? "A token begins with user: and goes on with 36 letters and digits." : null}
      />
      <TextField
        label="Ticket"
        required
        maxLength={100}
        value={draft.ticket}
        onChange={(event) => onSet({ ticket: event.target.value })}
      />
      <TextField
        label="What for"
        required
        maxLength={500}
        value={draft.purpose}
        onChange={(event) => onSet({ purpose: event.target.value })}
      />
    </>
  );
}

function WhatFields({ draft, rules, onSet }: Fields & { readonly rules: VendorRules }) {
  const matrix = useQuery(matrixQuery);
  const scopes = matrix.data === undefined ? [] : scopesFor(matrix.data, draft.role, rules.neverScopes);
  return (
    <>
      <Select
        label="For how long, from now"
        value={draft.hours}
        onChange={(event) => onSet({ hours: event.target.value })}
      >
        {vendorHours(rules.hoursMax).map((hours) => (
          <option key={hours} value={hours}>
            {hours === 1 ? "an hour" : `${hours} hours`}
          </option>
        ))}
      </Select>
      <Select
        label="As"
        required
        value={draft.role}
        onChange={(event) => onSet({ role: event.target.value, scopes: [] })}
        hint="They may do what you tick below of what this role may, and nothing else."
      >
        <option value="">Choose a role</option>
        {(matrix.data?.roles ?? []).map((role) => (
          <option key={role} value={role}>
            {roleWords[role] ?? wordsOf(role)}
          </option>
        ))}
      </Select>
      {matrix.isError ? <ErrorState fault={matrix.error} onRetry={() => void matrix.refetch()} /> : null}
      {scopes.length === 0 ? null : <ScopeBoxes scopes={scopes} draft={draft} onSet={onSet} />}
    </>
  );
}

function ScopeBoxes({ scopes, draft, onSet }: Fields & { readonly scopes: PolicyMatrix["rows"] }) {
  const toggle = (action: string, on: boolean): void =>
    onSet({ scopes: on ? [...draft.scopes, action] : draft.scopes.filter((one) => one !== action) });
  return (
    <fieldset className="grid gap-1">
      <legend className="mb-1 text-sm font-medium">May</legend>
      <div className="max-h-56 overflow-y-auto rounded-sm border border-line-strong px-3 py-1">
        {scopes.map(({ action, says }) => (
          <label key={action} className="flex min-h-9 items-center gap-2 text-sm pointer-coarse:min-h-(--tap)">
            <input
              type="checkbox"
              className="size-4 shrink-0"
              checked={draft.scopes.includes(action)}
              onChange={(event) => toggle(action, event.target.checked)}
            />
            {wordsOf(says)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
