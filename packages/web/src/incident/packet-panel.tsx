import { unreachable, type IncidentRecord, type PacketSummary } from "@tillwatch/wire";
import { Download, Package } from "lucide-react";
import { Tag } from "../design/badge.tsx";
import { Button, buttonClass } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { CopyText } from "../design/copy-text.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Moment } from "../design/time.tsx";
import { bytesText, percent } from "../design/words.ts";
import { useIncidentAction } from "./use-incident-action.ts";

/** Everything that the recipient needs, sealed; and how they check it without trusting us. */
export function PacketPanel({ record }: { readonly record: IncidentRecord }) {
  const build = useIncidentAction<Record<string, never>>(record.id, "packets");
  const building = record.packets.some((packet) => packet.state === "building");
  return (
    <div className="grid grid-cols-1 gap-4">
      <Card
        title="Packets"
        flush
        aside={
          <Button look="primary" busy={build.isPending || building} onClick={() => build.mutate({})}>
            <Package className="size-4" aria-hidden="true" />
            {building ? "Building" : "Build a packet"}
          </Button>
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
                <PacketItem key={packet.id} packet={packet} name={packetFile(record)} />
              ))}
            </ul>
          )}
        </div>
      </Card>
      <HowToVerify name={packetFile(record)} />
    </div>
  );
}

/** As the server names the download: the commands below are copied and must find the file. */
function packetFile(record: IncidentRecord): string {
  return `${record.ref}-packet.zip`;
}

function PacketItem({ packet, name }: { readonly packet: PacketSummary; readonly name: string }) {
  return (
    <li className="grid gap-1.5 border-b border-line px-4 py-3 last:border-0 md:grid-cols-[minmax(0,1fr)_auto] md:gap-x-4">
      <div className="grid min-w-0 gap-1 text-sm">
        <p className="flex flex-wrap items-center gap-2">
          <PacketTag packet={packet} />
          <span>
            requested <Moment at={packet.requestedAt} />
          </span>
          {packet.bytes === null ? null : <span className="text-ink-muted">{bytesText(packet.bytes)}</span>}
        </p>
        {packet.problem === null ? null : <p className="text-bad">{packet.problem}</p>}
        {packet.sha256 === null ? null : (
          <p className="font-mono text-2xs break-all text-ink-soft">
            <span className="font-sans text-ink-muted">SHA-256 </span>
            {packet.sha256}
          </p>
        )}
      </div>
      {packet.state === "ready" ? (
        <a
          href={`/api/v1/packets/${encodeURIComponent(packet.id)}`}
          download={name}
          className={`${buttonClass("plain")} self-start justify-self-start`}
        >
          <Download className="size-4" aria-hidden="true" />
          Download packet
        </a>
      ) : null}
    </li>
  );
}

function PacketTag({ packet }: { readonly packet: PacketSummary }) {
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
