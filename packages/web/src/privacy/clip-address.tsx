import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../api/request.ts";
import { Button } from "../design/button.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";

/** A clip by its token. Where it lies is told for a reason, which goes on the record. */
export function ClipAddress({ incidentId, clip }: { readonly incidentId: string; readonly clip: string }) {
  const [asking, setAsking] = useState(false);
  const resolve = useMutation({
    mutationFn: (because: string) =>
      request<{ readonly uri: string }>(
        `/api/v1/incidents/${encodeURIComponent(incidentId)}/clips/${encodeURIComponent(clip)}/resolution`,
        { method: "POST", body: { because } },
      ),
    onSuccess: () => setAsking(false),
  });
  return (
    <span className="grid justify-items-start gap-1.5">
      <code className="font-mono text-xs break-all">{resolve.data?.uri ?? clip}</code>
      {clip.startsWith("clip:") && resolve.data === undefined ? (
        <Button onClick={() => setAsking(true)}>Where it lies</Button>
      ) : null}
      <ReasonDialog
        title="Where the clip lies"
        action="Show"
        open={asking}
        busy={resolve.isPending}
        fault={resolve.error}
        onClose={() => setAsking(false)}
        onSave={(because) => resolve.mutate(because)}
      />
    </span>
  );
}
