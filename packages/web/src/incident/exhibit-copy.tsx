import { useQuery } from "@tanstack/react-query";
import type { ExhibitCopyView, ExhibitSummary, ExhibitView } from "@tillwatch/wire";
import { Hourglass, LockKeyhole } from "lucide-react";
import type { May } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { TakeFile } from "../design/take-file.tsx";
import { Moment } from "../design/time.tsx";
import { bytesText } from "../design/words.ts";
import { Custody } from "./custody.tsx";
import { ClosedFile, type Opening } from "./closed-file.tsx";
import { exhibitQuery } from "./exhibit-queries.ts";
import { MinorFlag } from "./exhibit-minor.tsx";
import { MarkPeople } from "./mark-people.tsx";
import { NameCamera } from "./name-camera.tsx";
import { OriginalKeys } from "./original-keys.tsx";

/** What people see of an exhibit: its copy with how it was made, the sealed original with its two keys, and a minor's protection. */
export function ExhibitCopy(props: {
  readonly exhibit: ExhibitSummary;
  readonly siteId: string;
  readonly opening: Opening;
  readonly may: May;
}) {
  const { exhibit, siteId, opening, may } = props;
  const known = useQuery({ ...exhibitQuery(exhibit.id), enabled: may("exhibit:read") && exhibit.kind !== "pointer" });
  if (exhibit.kind === "pointer") return null;
  if (opening !== "open") return <ClosedFile opening={opening} />;
  const view = known.data;
  if (exhibit.disposedAt != null) return <Gone at={exhibit.disposedAt} custody={view?.custody ?? []} />;
  if (view === undefined) return <DownloadLink exhibit={exhibit} word="Download" />;
  const isSealed = view.mediaKind !== "document";
  return (
    <div className="grid min-w-0 gap-3 md:col-span-2">
      <div className="flex flex-wrap items-center gap-2">
        {isSealed ? <CopyState view={view} /> : <DownloadLink exhibit={exhibit} word="Download" />}
        {isSealed && view.camera === "unsaid" && may("exhibit:mark") ? (
          <NameCamera view={view} siteId={siteId} />
        ) : null}
        <MinorFlag view={view} may={may} />
      </div>
      {isSealed && may("exhibit:mark") && drawable.has(view.mediaKind ?? "") ? <MarkPeople view={view} /> : null}
      {isSealed ? <Recipe copy={view.copies.at(-1)} /> : null}
      <Custody lines={view.custody} />
      {isSealed ? <OriginalKeys view={view} may={may} /> : null}
    </div>
  );
}

/** What is left of an exhibit whose content was destroyed: nothing is offered that cannot be done any more. */
function Gone({ at, custody }: { readonly at: string; readonly custody: ExhibitView["custody"] }) {
  return (
    <div className="grid min-w-0 gap-3 md:col-span-2">
      <p className="text-sm text-ink-soft">
        Its content was destroyed <Moment at={at} />. Digest and custody stay.
      </p>
      <Custody lines={custody} />
    </div>
  );
}

const drawable: ReadonlySet<string> = new Set(["picture", "clip"]);

function CopyState({ view }: { readonly view: ExhibitView }) {
  const copy = view.copies.at(-1);
  if (copy?.state === "making") {
    return (
      <span className="flex min-h-9 items-center gap-1.5 text-sm text-ink-muted" aria-live="polite">
        <Hourglass className="size-4 shrink-0" aria-hidden="true" />
        The copy is being made
      </span>
    );
  }
  if (copy === undefined || copy.state === "cannot") {
    const why = noCopyWords[copy?.problem ?? "copy_camera_not_named"] ?? "it is none that a copy can be made of";
    return (
      <span className="flex min-h-9 items-center gap-1.5 text-sm text-ink-muted">
        <LockKeyhole className="size-4 shrink-0" aria-hidden="true" />
        No copy: {why}. The original stays sealed.
      </span>
    );
  }
  return <DownloadLink exhibit={view} word="Download the copy" />;
}

/** Why there is none, in the words of whoever works the case. */
const noCopyWords: Readonly<Record<string, string>> = {
  copy_camera_not_named: "nobody said which camera it is of",
  media_tool_missing: "the program for clips is not installed here",
  media_unsupported: "it is no picture or clip that we know",
  media_damaged: "it cannot be read",
  media_too_large: "it is too large",
  media_took_too_long: "making one took too long",
  exhibit_damaged: "the stored bytes are not what was received",
};

function DownloadLink({ exhibit, word }: { readonly exhibit: ExhibitSummary; readonly word: string }) {
  return (
    <TakeFile href={`/api/v1/exhibits/${encodeURIComponent(exhibit.id)}/content`}>
      {word}
      <span className="sr-only"> of {exhibit.name}</span>
    </TakeFile>
  );
}

function Recipe({ copy }: { readonly copy: ExhibitCopyView | undefined }) {
  if (copy === undefined || copy.state !== "ready") return null;
  const burned = [
    ...(copy.maskVersion === null ? [] : [`the camera's mask, version ${copy.maskVersion}`]),
    ...(copy.regionsVersion === null ? [] : [`marked people, version ${copy.regionsVersion}`]),
  ];
  return (
    <details className="text-xs text-ink-muted">
      <summary className="cursor-pointer py-1 pointer-coarse:min-h-(--tap)">How the copy was made</summary>
      <div className="grid gap-1.5 pt-1">
        <p className="flex flex-wrap gap-1.5">
          <Tag>no place, name or device in it</Tag>
          <Tag>{copy.sound ? "with sound" : "no sound"}</Tag>
          {burned.length === 0 ? <Tag>nothing masked</Tag> : <Tag tone="good">black: {burned.join("; ")}</Tag>}
        </p>
        <p>
          Made anew from its pixels{" "}
          {copy.madeAt === null ? null : (
            <>
              <Moment at={copy.madeAt} />{" "}
            </>
          )}
          with {copy.tool ?? "an unknown tool"}
          {copy.bytes === null ? null : ` · ${bytesText(copy.bytes)}`}
        </p>
        <p className="font-mono text-2xs break-all text-ink-soft">
          <span className="font-sans text-ink-muted">SHA-256 of the copy </span>
          {copy.sha256}
        </p>
      </div>
    </details>
  );
}
