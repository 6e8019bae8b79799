import { useQuery } from "@tanstack/react-query";
import type { ExhibitView, OriginalRequestView } from "@tillwatch/wire";
import { KeyRound, LockKeyholeOpen } from "lucide-react";
import { useState } from "react";
import type { May } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Select } from "../design/field.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { TakeFile } from "../design/take-file.tsx";
import { Moment } from "../design/time.tsx";
import { Who } from "../people/who.tsx";
import { whoAmIQuery } from "../people/people-queries.ts";
import { useExhibitAction } from "./use-exhibit-action.ts";

/** The sealed original: one person asks, another one approves, and whoever asked opens it until the time is over. */
export function OriginalKeys({ view, may }: { readonly view: ExhibitView; readonly may: May }) {
  const { data: me } = useQuery(whoAmIQuery);
  const token = me?.actor ?? "";
  const waiting = view.originalRequests.some(({ state, askedBy }) => askedBy === token && isRunning(state));
  const shown = view.originalRequests.filter(({ state }) => isRunning(state));
  return (
    <div className="grid gap-2">
      {may("exhibit:ask_original") && !waiting ? <AskForOriginal exhibitId={view.id} /> : null}
      {shown.length === 0 ? null : (
        <ul className="grid gap-2" aria-label="Who asked for the original">
          {shown.map((request) => (
            <RequestItem key={request.id} exhibit={view} request={request} mine={request.askedBy === token} may={may} />
          ))}
        </ul>
      )}
    </div>
  );
}

function isRunning(state: OriginalRequestView["state"]): boolean {
  return state === "asked" || state === "approved";
}

const reasonMin = 10; // as the server asks for it
const hoursToChoose = [1, 4, 8, 24, 72] as const;

function AskForOriginal({ exhibitId }: { readonly exhibitId: string }) {
  const [open, setOpen] = useState(false);
  const [hours, setHours] = useState(4);
  const ask = useExhibitAction(exhibitId, "POST");
  return (
    <>
      <Button look="quiet" className="justify-self-start" onClick={() => setOpen(true)}>
        <KeyRound className="size-4" aria-hidden="true" />
        Ask for the original
      </Button>
      <ReasonDialog
        title="Ask for the original"
        action="Ask"
        open={open}
        least={reasonMin}
        busy={ask.isPending}
        fault={ask.error}
        onClose={() => setOpen(false)}
        onSave={(because) =>
          ask.mutate({ path: "original-requests", body: { because, hours } }, { onSuccess: () => setOpen(false) })
        }
      >
        <p className="text-sm text-ink-muted">
          The original says where, with what and by whom it was taken. Another person approves; then you open it, for
          the purpose that you stated, until the time is over.
        </p>
        <Select label="For" value={String(hours)} onChange={(event) => setHours(Number(event.target.value))}>
          {hoursToChoose.map((choice) => (
            <option key={choice} value={choice}>
              {choice === 1 ? "1 hour" : `${choice} hours`}
            </option>
          ))}
        </Select>
      </ReasonDialog>
    </>
  );
}

type Item = {
  readonly exhibit: ExhibitView;
  readonly request: OriginalRequestView;
  readonly mine: boolean;
  readonly may: May;
};

function RequestItem({ exhibit, request, mine, may }: Item) {
  const end = useExhibitAction(exhibit.id, "POST");
  const path = `original-requests/${request.id}`;
  const isApproved = request.state === "approved";
  return (
    <li className="grid gap-2 rounded-sm border border-line bg-sunken p-3 text-sm">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <Tag tone={isApproved ? "good" : "plain"}>{isApproved ? "two keys" : "one key"}</Tag>
        <span className="min-w-0 break-words">
          {mine ? "You" : <Who actor={request.askedBy} />} asked <Moment at={request.askedAt} /> for{" "}
          {request.purpose.replaceAll("_", " ")}, {request.hours} h
        </span>
      </p>
      <p className="break-words text-ink-muted">{request.because}</p>
      {isApproved && request.endsAt !== null ? (
        <p className="text-ink-muted">
          Approved by <Who actor={request.decidedBy ?? ""} />; sealed again <Moment at={request.endsAt} />
        </p>
      ) : null}
      <div className="flex flex-wrap gap-2">
        {isApproved && mine ? (
          <TakeFile
            href={`/api/v1/exhibits/${encodeURIComponent(exhibit.id)}/content?of=original`}
            look="primary"
            icon={LockKeyholeOpen}
          >
            Download the original
          </TakeFile>
        ) : null}
        {!isApproved && !mine && may("exhibit:approve_original") ? (
          <>
            <Decide exhibitId={exhibit.id} path={path} approve />
            <Decide exhibitId={exhibit.id} path={path} approve={false} />
          </>
        ) : null}
        {!isApproved && mine ? <span className="text-ink-muted">Waits for another person to approve</span> : null}
        {may("exhibit:ask_original") && (mine || isApproved) ? (
          <Button look="quiet" busy={end.isPending} onClick={() => end.mutate({ path: `${path}/end` })}>
            {isApproved ? "Seal it again" : "Take it back"}
          </Button>
        ) : null}
      </div>
    </li>
  );
}

function Decide(props: { readonly exhibitId: string; readonly path: string; readonly approve: boolean }) {
  const { exhibitId, path, approve } = props;
  const [open, setOpen] = useState(false);
  const decide = useExhibitAction(exhibitId, "POST");
  const word = approve ? "Approve" : "Refuse";
  return (
    <>
      <Button look={approve ? "primary" : "plain"} onClick={() => setOpen(true)}>
        {word}
      </Button>
      <ReasonDialog
        title={`${word} opening the original`}
        action={word}
        open={open}
        least={reasonMin}
        busy={decide.isPending}
        fault={decide.error}
        onClose={() => setOpen(false)}
        onSave={(because) =>
          decide.mutate({ path: `${path}/decision`, body: { approve, because } }, { onSuccess: () => setOpen(false) })
        }
      />
    </>
  );
}
