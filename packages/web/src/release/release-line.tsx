import { useMutation } from "@tanstack/react-query";
import type { ReleaseView } from "@tillwatch/wire";
import { Download, Lock } from "lucide-react";
import { request } from "../api/request.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { saveFile } from "../design/save-file.ts";
import { Moment } from "../design/time.tsx";
import { wordsOf } from "../policy/policy-words.ts";
import { releasePath } from "./release-queries.ts";
import { ReleaseLink } from "./release-link.tsx";
import { channelText, holdsText, recipientText } from "./release-words.ts";

/** One release: who, when, whether they have it. `onTaken`, `onWithdraw`: null where this person does not do that. */
export function ReleaseLine(props: {
  readonly release: ReleaseView;
  readonly caseRef: string;
  readonly onTaken: (() => void) | null;
  readonly onWithdraw: (() => void) | null;
}) {
  const { release, caseRef, onTaken, onWithdraw } = props;
  const { recipient, takenAt, withdrawnAt } = release;
  const receipt = useMutation({
    mutationFn: () => request<unknown>(releasePath(release, "receipt")),
    onSuccess: (made) => saveFile(`${caseRef}-receipt-${release.id.slice(0, 8)}.json`, JSON.stringify(made, null, 2)),
  });
  const inForce = withdrawnAt === null;
  return (
    <li className="grid gap-1 text-sm">
      <div className="flex flex-wrap items-center gap-2">
        <span className="font-medium break-words">{recipientText(recipient)}</span>
        <ReleaseTags release={release} />
      </div>
      <p className="break-words">
        {wordsOf(release.purpose)}. {wordsOf(release.ground)}. {release.because}
      </p>
      {release.despite === null ? null : <p className="break-words">Left all the same: {release.despite}</p>}
      {release.holds.length === 0 ? null : (
        <p className="flex items-start gap-1.5">
          <Lock className="mt-0.5 size-4 shrink-0" aria-hidden="true" />
          <span>Released while the case was under legal hold: {holdsText(release.holds)}.</span>
        </p>
      )}
      <p className="text-xs text-ink-muted">
        released <Moment at={release.releasedAt} />
        {recipient.kind === "outside" ? `, ${channelText(release.channel).toLowerCase()}` : ""}
        {takenAt === null ? null : (
          <>
            , taken <Moment at={takenAt} />
          </>
        )}
        {withdrawnAt === null ? null : (
          <>
            , taken back <Moment at={withdrawnAt} />
            {release.withdrawnBecause === null ? "" : `: ${release.withdrawnBecause}`}
          </>
        )}
      </p>
      <p className="font-mono text-2xs break-all text-ink-soft">
        <span className="font-sans text-ink-muted">SHA-256 </span>
        {release.sha256}
      </p>
      <ReleaseLink release={release} mayRelease={onWithdraw !== null} />
      {receipt.isError ? <ErrorState fault={receipt.error} /> : null}
      <div className="flex flex-wrap gap-2">
        <Button busy={receipt.isPending} onClick={() => receipt.mutate()}>
          <Download className="size-4" aria-hidden="true" />
          Receipt
        </Button>
        {onTaken !== null && inForce && takenAt === null && recipient.kind === "outside" ? (
          <Button onClick={onTaken}>Handed over</Button>
        ) : null}
        {onWithdraw !== null && inForce ? <Button onClick={onWithdraw}>Take back</Button> : null}
      </div>
    </li>
  );
}

function ReleaseTags({ release }: { readonly release: ReleaseView }) {
  const { takenAt, withdrawnAt } = release;
  return (
    <>
      {withdrawnAt === null ? null : <Tag>Taken back</Tag>}
      {takenAt === null ? (
        withdrawnAt === null ? (
          <Tag>Not taken yet</Tag>
        ) : null
      ) : (
        <Tag tone={withdrawnAt === null ? "good" : "warn"}>They have it</Tag>
      )}
    </>
  );
}
