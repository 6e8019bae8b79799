import { useQuery } from "@tanstack/react-query";
import type { IncidentRecord, PacketSummary } from "@tillwatch/wire";
import { Send } from "lucide-react";
import { useState } from "react";
import { Button } from "../design/button.tsx";
import { Dialog } from "../design/dialog.tsx";
import { Loaded } from "../privacy/loaded.tsx";
import { ReleaseForm } from "./release-form.tsx";
import { releasesQuery } from "./release-queries.ts";

/** At a sealed packet, for whoever may release it. */
export function ReleaseButton({ record, packet }: { readonly record: IncidentRecord; readonly packet: PacketSummary }) {
  const [open, setOpen] = useState(false);
  const known = useQuery({ ...releasesQuery(record.id, packet.id), enabled: open });
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Send className="size-4" aria-hidden="true" />
        Release
      </Button>
      <Dialog title={`Release a packet of ${record.ref}`} open={open} onClose={() => setOpen(false)}>
        <Loaded query={known} says="Asking what stands against it">
          {(data) => <ReleaseForm record={record} packet={packet} known={data} onDone={() => setOpen(false)} />}
        </Loaded>
      </Dialog>
    </>
  );
}
