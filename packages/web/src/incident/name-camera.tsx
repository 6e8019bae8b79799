import type { ExhibitView } from "@tillwatch/wire";
import { Camera } from "lucide-react";
import { useState } from "react";
import { Button } from "../design/button.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { CameraSelect } from "./camera-select.tsx";
import { useExhibitAction } from "./use-exhibit-action.ts";

/** Says which camera took an exhibit: without it there is no copy where the site masks any. */
export function NameCamera({ view, siteId }: { readonly view: ExhibitView; readonly siteId: string }) {
  const [open, setOpen] = useState(false);
  const [device, setDevice] = useState("");
  const name = useExhibitAction(view.id, "PUT");
  const save = (because: string) => {
    const body = { deviceId: device === "none" ? null : device, because };
    name.mutate({ path: "camera", body }, { onSuccess: () => setOpen(false) });
  };
  return (
    <>
      <Button look="quiet" onClick={() => setOpen(true)}>
        <Camera className="size-4" aria-hidden="true" />
        Name the camera
      </Button>
      <ReasonDialog
        title="Which camera took it"
        action="Save"
        open={open}
        busy={name.isPending}
        fault={name.error}
        blocked={device === "" ? "Choose the camera." : null}
        onClose={() => setOpen(false)}
        onSave={save}
      >
        <CameraSelect siteId={siteId} value={device} onChange={setDevice} />
      </ReasonDialog>
    </>
  );
}
