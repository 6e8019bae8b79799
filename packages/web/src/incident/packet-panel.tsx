import { unreachable, type IncidentRecord, type PacketSummary } from "@tillwatch/wire";
import { Package } from "lucide-react";
import { useState } from "react";
import { mayWith } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { CopyText } from "../design/copy-text.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TakeFile } from "../design/take-file.tsx";
import { Moment } from "../design/time.tsx";
import { bytesText, percent } from "../design/words.ts";
import { ReleaseButton } from "../release/release-button.tsx";
import { ReleasesCard } from "../release/releases-card.tsx";
import { ClosedFile, openingOf } from "./closed-file.tsx";
import { PacketDialog } from "./packet-dialog.tsx";
import { useIncidentAction } from "./use-incident-action.ts";

/** Everything that the recipient needs, sealed; and how they check it without trusting us. */
export function PacketPanel({ record }: { readonly record: IncidentRecord }) {
  const build = useIncidentAction<Record<string, never>>(record.id, "packets");
  const [choosing, setChoosing] = useState(false);
  const building = record.packets.some((packet) => packet.state === "building");
  return (
    <div className="grid grid-cols-1 gap-4">
      <Card
        title="Packets"
        flush
        aside={
          mayWith(record)("packet:build") ? (
            <div className="flex flex-wrap gap-2">
              <Button look="quiet" disabled={building} onClick={() => setChoosing(true)}>
                Other contents
              </Button>
              <Button look="primary" busy={build.isPending || building} onClick={() => build.mutate({})}>
                <Package className="size-4" aria-hidden="true" />
                {building ? "Building" : "Build a packet"}
              </Button>
            </div>
          ) : undefined
        }
      >
        {build.isError ? (
          <div className="p-4">
            <ErrorState fault={build.error} onRetry={() => build.mutate({})} />
          </div>
        ) : null}
        <div aria-live="polite">
          {record.packets.length === 0 ? (
            <EmptyState icon={Package} title="No packet yet">
              A packet holds this record, its exhibits, every hand-off and the proofs, as they are at that moment. The
              record is {percent(record.completeness)} complete.
            </EmptyState>
          ) : (
            <ul>
              {record.packets.map((packet) => (
                <PacketItem key={packet.id} packet={packet} record={record} />
              ))}
            </ul>
          )}
        </div>
      </Card>
      <PacketDialog record={record} open={choosing} onClose={() => setChoosing(false)} />
      <ReleasesCard record={record} />
      <HowToVerify name={packetFile(record)} />
    </div>
  );
}

/** As the server names the download: the commands below are copied and must find the file. */
function packetFile(record: IncidentRecord): string {
  return `${record.ref}-packet.zip`;
}

function PacketItem({ packet, record }: { readonly packet: PacketSummary; readonly record: IncidentRecord }) {
  return (
    <li className="grid gap-1.5 border-b border-line px-4 py-3 last:border-0 md:grid-cols-[minmax(0,1fr)_auto] md:gap-x-4">
      <div className="grid min-w-0 gap-1 text-sm">
        <p className="flex flex-wrap items-center gap-2">
          <PacketTag packet={packet} />
          {packet.contents === "originals" ? <Tag tone="warn">With the originals</Tag> : null}
          {packet.contents === "none" ? <Tag>Without pictures and clips</Tag> : null}
          <span>
            requested <Moment at={packet.requestedAt} />
          </span>
          {packet.bytes === null ? null : <span className="text-ink-muted">{bytesText(packet.bytes)}</span>}
        </p>
        {packet.disposedAt == null ? null : (
          <p className="text-ink-soft">
            Its content was destroyed <Moment at={packet.disposedAt} />. The digest stays.
          </p>
        )}
        {packet.problem === null ? null : <p className="text-bad">{packet.problem}</p>}
        {packet.sha256 === null ? null : (
          <p className="font-mono text-2xs break-all text-ink-soft">
            <span className="font-sans text-ink-muted">SHA-256 </span>
            {packet.sha256}
          </p>
        )}
      </div>
      {packet.state === "ready" && packet.disposedAt == null ? <ReadyActions packet={packet} record={record} /> : null}
    </li>
  );
}

/** What a sealed packet is there for: to be taken, and to be handed on. */
function ReadyActions({ packet, record }: { readonly packet: PacketSummary; readonly record: IncidentRecord }) {
  const opening = openingOf(record, "packet:open");
  return (
    <div className="flex flex-wrap items-start gap-2">
      {opening !== "open" ? (
        <ClosedFile opening={opening} />
      ) : (
        <TakeFile href={`/api/v1/packets/${encodeURIComponent(packet.id)}`} name={packetFile(record)}>
          Download packet
        </TakeFile>
      )}
      {openingOf(record, "packet:release") === "open" ? <ReleaseButton record={record} packet={packet} /> : null}
    </div>
  );
}

function PacketTag({ packet }: { readonly packet: PacketSummary }) {
  if (packet.disposedAt != null) return <Tag>Destroyed</Tag>;
  switch (packet.state) {
    case "building":
      return <Tag>Building: gathers, seals, signs</Tag>;
    case "ready":
      return <Tag tone="good">Ready</Tag>;
    case "failed":
      return <Tag tone="bad">Failed</Tag>;
    default:
      return unreachable(packet.state);
  }
}

function HowToVerify({ name }: { readonly name: string }) {
  return (
    <Card title="How anyone checks a packet, offline">
      <ol className="grid grid-cols-1 gap-3 text-sm">
        <li className="grid grid-cols-1 gap-1">
          Every seal, signature and proof, each check named:
          <CopyText label="Verify with tillwatch-verify" text={`tillwatch-verify ${name}`} />
        </li>
        <li className="grid grid-cols-1 gap-1">
          With tools that every machine has, the content against its manifest:
          <CopyText
            label="Verify with sha256sum"
            text={`unzip ${name} -d packet && cd packet/* && sha256sum -c manifest-sha256.txt tagmanifest-sha256.txt`}
          />
        </li>
        <li className="grid grid-cols-1 gap-1">
          As a BagIt bag, with the Library of Congress's tool:
          <CopyText label="Verify with bagit.py" text={`unzip ${name} -d packet && bagit.py --validate packet/*`} />
        </li>
      </ol>
    </Card>
  );
}
