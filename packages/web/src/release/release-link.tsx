import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReleaseLinkMade, ReleaseLinkView, ReleaseView } from "@tillwatch/wire";
import { Link2 } from "lucide-react";
import { useState } from "react";
import { request } from "../api/request.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { CopyText } from "../design/copy-text.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select } from "../design/field.tsx";
import { FormActions } from "../design/form-actions.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { endText, Moment } from "../design/time.tsx";
import { releasePath } from "./release-queries.ts";
import { linkOpens, linkText, reasonMin, recipientText, spokenCode } from "./release-words.ts";

/** The link by which somebody outside takes a packet: how it is with it, and for whoever releases, a new one or its end. */
export function ReleaseLink({ release, mayRelease }: { readonly release: ReleaseView; readonly mayRelease: boolean }) {
  const [making, setMaking] = useState(false);
  const { link, recipient, withdrawnAt } = release;
  if (recipient.kind !== "outside") return null;
  const mayMake = mayRelease && withdrawnAt === null;
  if (link === null && !mayMake) return null;
  return (
    <div className="grid gap-2">
      {link === null ? null : <LinkState link={link} />}
      <div className="flex flex-wrap gap-2 empty:hidden">
        {mayMake ? (
          <Button onClick={() => setMaking(true)}>
            <Link2 className="size-4" aria-hidden="true" />
            {link === null ? "Make a download link" : "Make a new link"}
          </Button>
        ) : null}
        {mayRelease && link !== null && linkOpens(link) ? <EndLink release={release} link={link} /> : null}
      </div>
      <Dialog title={`A download link for ${recipientText(recipient)}`} open={making} onClose={() => setMaking(false)}>
        <MakeLink release={release} onDone={() => setMaking(false)} />
      </Dialog>
    </div>
  );
}

function LinkState({ link }: { readonly link: ReleaseLinkView }) {
  const opens = linkOpens(link);
  return (
    <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <Tag tone={link.state === "used" || link.state === "opened" ? "good" : opens ? "plain" : "warn"}>
        {linkText(link)}
      </Tag>
      <span className="text-xs text-ink-muted">
        {link.openedAt === null ? null : (
          <>
            opened <Moment at={link.openedAt} />
          </>
        )}
        {link.state === "open" ? <>until {endText(link.expiresAt)}</> : null}
        {link.refusals === 0 ? "" : `, did not open ${link.refusals === 1 ? "once" : `${link.refusals} times`}`}
        {link.state === "open" && link.refusals > 0 ? `, ${link.triesLeft} tries left` : ""}
      </span>
    </p>
  );
}

function MakeLink({ release, onDone }: { readonly release: ReleaseView; readonly onDone: () => void }) {
  const queries = useQueryClient();
  const [days, setDays] = useState("3");
  const make = useMutation({
    mutationFn: () =>
      request<ReleaseLinkMade>(releasePath(release, "links"), { method: "POST", body: { days: Number(days) } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["incident", release.incidentId] }),
  });
  if (make.data !== undefined) return <MadeLink made={make.data} onDone={onDone} />;
  return (
    <form
      className="grid grid-cols-1 gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      <p className="text-sm">
        The recipient opens the link in any browser, without an account, and types a code of eight digits. It opens
        once, and no more after five wrong codes.{" "}
        {release.link === null ? "" : "The link from before opens nothing from then on."}
      </p>
      <Select label="It opens for" value={days} onChange={(event) => setDays(event.target.value)}>
        {["1", "3", "7", "14"].map((choice) => (
          <option key={choice} value={choice}>
            {choice === "1" ? "1 day" : `${choice} days`}
          </option>
        ))}
      </Select>
      <p className="text-xs text-ink-muted">You prove once more who you are.</p>
      {make.isError ? <ErrorState fault={make.error} /> : null}
      <FormActions onCancel={onDone} busy={make.isPending}>
        Make the link
      </FormActions>
    </form>
  );
}

/** Shown once: neither is kept anywhere. */
function MadeLink({ made, onDone }: { readonly made: ReleaseLinkMade; readonly onDone: () => void }) {
  return (
    <div className="grid grid-cols-1 gap-4 text-sm">
      <p className="font-medium">Both are shown here and nowhere again.</p>
      <div className="grid gap-1">
        <p>1. Send the link, by mail for example:</p>
        <CopyText label="The link" wrap text={new URL(made.path, location.origin).href} />
      </div>
      <div className="grid gap-1">
        <p>
          2. Tell the code by another way, by telephone for example. Call a number that you know, not one from a mail.
        </p>
        <CopyText label="The code" text={spokenCode(made.code)} />
      </div>
      <p className="text-ink-muted">
        Opens until {endText(made.expiresAt)}. Each opening and each wrong code stands in the record.
      </p>
      <Button look="primary" className="justify-self-end" onClick={onDone}>
        I have both
      </Button>
    </div>
  );
}

function EndLink({ release, link }: { readonly release: ReleaseView; readonly link: ReleaseLinkView }) {
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const end = useMutation({
    mutationFn: (because: string) =>
      request<unknown>(releasePath(release, `links/${encodeURIComponent(link.id)}/end`), {
        method: "POST",
        body: { because },
      }),
    onSuccess: () => setOpen(false),
    onSettled: () => queries.invalidateQueries({ queryKey: ["incident", release.incidentId] }),
  });
  return (
    <>
      <Button onClick={() => setOpen(true)}>End the link</Button>
      <ReasonDialog
        title="End the link"
        action="End it now"
        open={open}
        least={reasonMin}
        busy={end.isPending}
        fault={end.error}
        onClose={() => {
          setOpen(false);
          end.reset();
        }}
        onSave={(because) => end.mutate(because)}
      >
        <p className="text-sm">It opens nothing from now on. The release itself stays; you can make another link.</p>
      </ReasonDialog>
    </>
  );
}
