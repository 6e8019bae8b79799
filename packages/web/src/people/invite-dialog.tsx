import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../api/request.ts";
import { Button } from "../design/button.tsx";
import { FormActions } from "../design/form-actions.tsx";
import { CopyText } from "../design/copy-text.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextField } from "../design/field.tsx";
import { momentText } from "../design/time.tsx";
import { noRights, rightsBody, RightsFields, type Rights } from "./person-fields.tsx";

export type MadeLink = { readonly link: string; readonly expiresAt: string };

export function InviteDialog({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  return (
    <Dialog title="Invite a person" open={open} onClose={onClose}>
      <InviteForm onClose={onClose} />
    </Dialog>
  );
}

/** Mounted with the dialog: each opening starts empty. */
function InviteForm({ onClose }: { readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [login, setLogin] = useState("");
  const [rights, setRights] = useState<Rights>(noRights);
  const [asked, setAsked] = useState(false);
  const invite = useMutation({
    mutationFn: () => {
      const body = { name: name.trim(), login: login.trim(), ...rightsBody(rights) };
      return request<MadeLink>("/api/v1/accounts", { method: "POST", body });
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["accounts"] }),
  });
  if (invite.data !== undefined) return <LinkOnce made={invite.data} name={name.trim()} onDone={onClose} />;
  const complete = name.trim() !== "" && login.trim() !== "" && rights.roles.length > 0;
  const missing = (text: string, says: string) => (asked && text.trim() === "" ? says : null);
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        setAsked(true);
        if (complete) invite.mutate();
      }}
    >
      <TextField
        label="Name"
        autoComplete="off"
        value={name}
        error={missing(name, "A name is needed.")}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label="Login"
        autoComplete="off"
        autoCapitalize="none"
        value={login}
        error={missing(login, "A login is needed: a mail address will do.")}
        onChange={(event) => setLogin(event.target.value)}
      />
      <RightsFields
        rights={rights}
        onChange={setRights}
        error={asked && rights.roles.length === 0 ? "At least one role is needed." : null}
      />
      {invite.isError ? <ErrorState fault={invite.error} /> : null}
      <FormActions onCancel={onClose} busy={invite.isPending}>
        Make the link
      </FormActions>
    </form>
  );
}

/** The link is kept as a digest: this is the only time that anybody sees it. */
export function LinkOnce(props: { readonly made: MadeLink; readonly name: string; readonly onDone: () => void }) {
  const { made, name, onDone } = props;
  return (
    <div className="grid gap-4">
      <p className="text-sm">
        Hand this link to <span className="font-medium">{name}</span> yourself. It serves once, until{" "}
        {momentText(made.expiresAt)}, and is shown this once.
      </p>
      <CopyText text={made.link} label="One-time link" wrap />
      <div className="flex justify-end">
        <Button look="primary" onClick={onDone}>
          Done
        </Button>
      </div>
    </div>
  );
}
