import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../api/request.ts";
import { FormActions } from "../design/form-actions.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select, TextArea, TextField } from "../design/field.tsx";

// What a program is likely to be here for; anything else is a matter of the API.
const roles = [
  { role: "analyst", says: "Analyst: numbers and queue, no people" },
  { role: "administrator", says: "Administrator: devices, directory, people" },
  { role: "auditor", says: "Auditor: the record" },
  { role: "guard", says: "Guard: reports and notes" },
] as const;

/** A name, what it is for, and what it may do at most. The key comes next. */
export function NewProgramDialog(props: { readonly onClose: () => void; readonly onMade: (id: string) => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [purpose, setPurpose] = useState("");
  const [role, setRole] = useState<string>(roles[0].role);
  const [scopes, setScopes] = useState("stats:read");
  const make = useMutation({
    mutationFn: () =>
      request<{ id: string }>("/api/v1/service-accounts", {
        method: "POST",
        body: { name, purpose, roles: [role], scopes: scopes.split(/[\s,]+/).filter((scope) => scope !== "") },
      }),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ["access", "programs"] });
      props.onMade(id);
    },
  });
  return (
    <Dialog title="New program" open onClose={props.onClose}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <TextField label="Name" required maxLength={80} value={name} onChange={({ target }) => setName(target.value)} />
        <TextField
          label="What it is for"
          required
          maxLength={500}
          value={purpose}
          onChange={({ target }) => setPurpose(target.value)}
          hint="One sentence. It stays on the record."
        />
        <Select label="Role" value={role} onChange={({ target }) => setRole(target.value)}>
          {roles.map((one) => (
            <option key={one.role} value={one.role}>
              {one.says}
            </option>
          ))}
        </Select>
        <TextArea
          label="May do at most"
          rows={3}
          required
          value={scopes}
          onChange={({ target }) => setScopes(target.value)}
          hint="Names of actions, like stats:read, incident:list, signal:write, draft:write or scim:provision. They take away from the role and never add."
        />
        {make.isError ? <ErrorState fault={make.error} /> : null}
        <FormActions onCancel={props.onClose} busy={make.isPending}>
          Make it
        </FormActions>
      </form>
    </Dialog>
  );
}
