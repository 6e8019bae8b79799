import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ExhibitSummary, IncidentRecord } from "@tillwatch/wire";
import { Link } from "@tanstack/react-router";
import { Paperclip, ShieldCheck, Upload } from "lucide-react";
import { useId, useState } from "react";
import { mayWith, useMay, type May } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { buttonClass } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Moment } from "../design/time.tsx";
import { bytesText, percent } from "../design/words.ts";
import { openingOf, type Opening } from "./closed-file.tsx";
import { Who } from "../people/who.tsx";
import { ExhibitCopy } from "./exhibit-copy.tsx";
import { CameraSelect } from "./camera-select.tsx";
import { digestOnDevice, uploadExhibit } from "./upload-exhibit.ts";

/** Evidence objects with their digests. A digest taken on this device before sending must equal the recorded one, and the page says so. */
export function ExhibitsPanel({ record }: { readonly record: IncidentRecord }) {
  const may = mayWith(record);
  const [deviceDigests, setDeviceDigests] = useState<ReadonlyMap<string, string>>(new Map());
  return (
    <Card
      title="Exhibits"
      flush
      aside={<span className="text-xs text-ink-muted">Hashed on arrival, encrypted under a key of their own</span>}
    >
      {may("exhibit:add") ? (
        <UploadZone
          incidentId={record.id}
          siteId={record.siteId}
          onDigest={(id, sha256) => setDeviceDigests((known) => new Map(known).set(id, sha256))}
        />
      ) : null}
      {record.exhibits.length === 0 ? (
        <EmptyState icon={Paperclip} title="No exhibit yet">
          A photo, a clip or a till extract makes the packet stronger. What is missing stands under Work.
        </EmptyState>
      ) : (
        <ul>
          {record.exhibits.map((exhibit) => (
            <ExhibitItem
              key={exhibit.id}
              exhibit={exhibit}
              opening={openingOf(record, "exhibit:open")}
              siteId={record.siteId}
              may={may}
              deviceSha256={deviceDigests.get(exhibit.id) ?? null}
            />
          ))}
        </ul>
      )}
    </Card>
  );
}

function UploadZone(props: {
  readonly incidentId: string;
  readonly siteId: string;
  readonly onDigest: (exhibitId: string, sha256: string) => void;
}) {
  const { incidentId, siteId, onDigest } = props;
  const queries = useQueryClient();
  const inputId = useId();
  const [share, setShare] = useState(0);
  const [device, setDevice] = useState("");
  const upload = useMutation({
    mutationFn: async (files: readonly File[]) => {
      for (const file of files) {
        setShare(0);
        const sha256 = await digestOnDevice(file);
        const { id } = await uploadExhibit({ incidentId, file, device, onProgress: setShare });
        if (sha256 !== null) onDigest(id, sha256);
      }
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["incident", incidentId] }),
  });
  return (
    <div className="grid gap-3 border-b border-line p-4">
      <div className="flex flex-wrap items-end gap-3">
        <CameraSelect siteId={siteId} value={device} onChange={setDevice} />
        <label
          htmlFor={inputId}
          className={`${buttonClass("primary")} focus-within:outline-2 focus-within:outline-offset-2`}
        >
          <Upload className="size-4" aria-hidden="true" />
          Add files
          <input
            id={inputId}
            type="file"
            multiple
            disabled={upload.isPending}
            className="sr-only"
            onChange={(event) => {
              const files = [...(event.target.files ?? [])];
              event.target.value = "";
              if (files.length > 0) upload.mutate(files);
            }}
          />
        </label>
        <div className="flex min-h-9 items-center text-sm text-ink-muted" aria-live="polite">
          {upload.isPending ? <Sending name={upload.variables[0]?.name ?? ""} share={share} /> : null}
        </div>
      </div>
      {upload.isError ? <ErrorState fault={upload.error} onRetry={() => upload.mutate(upload.variables)} /> : null}
    </div>
  );
}

function Sending({ name, share }: { readonly name: string; readonly share: number }) {
  return (
    <span className="flex items-center gap-3">
      <progress value={share} max={1} aria-label={`Sending ${name}`} className="h-2 w-32 accent-accent" />
      {share < 1 ? `${percent(share)} sent` : "Sent; the server is sealing it"}
    </span>
  );
}

function ExhibitItem(props: {
  readonly exhibit: ExhibitSummary;
  readonly opening: Opening;
  readonly siteId: string;
  readonly may: May;
  readonly deviceSha256: string | null;
}) {
  const { exhibit, siteId, opening, may, deviceSha256 } = props;
  return (
    <li className="grid gap-1.5 border-b border-line px-4 py-3 last:border-0 md:grid-cols-[minmax(0,1fr)_auto] md:gap-x-4">
      <div className="grid min-w-0 gap-1">
        <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
          <span className="min-w-0 break-words">{exhibit.name}</span>
          <Tag>{exhibit.disposedAt == null ? exhibit.kind : "Destroyed"}</Tag>
          {deviceSha256 === null ? null : <DigestTag same={deviceSha256 === exhibit.sha256} />}
        </p>
        <p className="text-xs text-ink-muted">
          {exhibit.mediaType} · {exhibit.bytes === null ? "size not stated" : bytesText(exhibit.bytes)} · received{" "}
          <Moment at={exhibit.receivedAt} /> from <Who actor={exhibit.source} />
          {exhibit.capturedAt === null ? null : (
            <>
              {" · captured "}
              <Moment at={exhibit.capturedAt} />
            </>
          )}
        </p>
        <p className="font-mono text-2xs break-all text-ink-soft">
          <span className="font-sans text-ink-muted">SHA-256 </span>
          {exhibit.sha256 ?? "not stated by its holder"}
        </p>
        <WhoSaw exhibitId={exhibit.id} />
      </div>
      <ExhibitCopy exhibit={exhibit} siteId={siteId} opening={opening} may={may} />
    </li>
  );
}

/** The id by which the record speaks of it, and the question that an auditor asks first. */
function WhoSaw({ exhibitId }: { readonly exhibitId: string }) {
  const may = useMay();
  return (
    <p className="flex flex-wrap gap-x-3 text-xs text-ink-soft">
      <span className="font-mono text-2xs break-all">
        <span className="font-sans text-ink-muted">Id </span>
        {exhibitId}
      </span>
      {may("audit:read") ? (
        <Link
          to="/audit"
          search={{ subject: exhibitId, did: "saw" }}
          className="text-accent-strong underline underline-offset-2"
        >
          Who saw it?
        </Link>
      ) : null}
    </p>
  );
}

function DigestTag({ same }: { readonly same: boolean }) {
  if (!same) return <Tag tone="bad">differs from the file on this device</Tag>;
  return (
    <Tag tone="good">
      <ShieldCheck className="size-3.5" aria-hidden="true" />
      same as the file on this device
    </Tag>
  );
}
