import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../api/request.ts";
import { Button } from "../design/button.tsx";
import { CopyText } from "../design/copy-text.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextField } from "../design/field.tsx";
import { FormActions } from "../design/form-actions.tsx";
import type { Endpoint } from "./webhook-queries.ts";

/** An address; then its secret, which is shown this once. */
export function NewWebhookDialog({ onClose }: { readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [url, setUrl] = useState("https://");
  const add = useMutation({
    mutationFn: () =>
      request<Endpoint & { readonly secret: string }>("/api/v1/webhooks", {
        method: "POST",
        body: { url: url.trim() },
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  if (add.data !== undefined) {
    return (
      <Dialog title="The secret of the webhook" open onClose={onClose}>
        <div className="grid gap-4">
          <p className="text-sm">
            Shown once. The receiver checks each message with it: Standard Webhooks, headers webhook-id,
            webhook-timestamp and webhook-signature.
          </p>
          <CopyText text={add.data.secret} label="Secret of the webhook" wrap />
          <Button look="primary" className="justify-self-end" onClick={onClose}>
            I have it
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="New webhook" open onClose={onClose}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        <TextField
          label="Address"
          type="url"
          required
          maxLength={2_000}
          value={url}
          onChange={({ target }) => setUrl(target.value)}
          hint="Where messages are sent by POST. It is told of all events; fewer by the API."
        />
        {add.isError ? <ErrorState fault={add.error} /> : null}
        <FormActions onCancel={onClose} busy={add.isPending}>
          Add it
        </FormActions>
      </form>
    </Dialog>
  );
}
