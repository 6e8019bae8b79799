import type { ExhibitView } from "@tillwatch/wire";
import { ScanFace } from "lucide-react";
import { useState } from "react";
import { Button } from "../design/button.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextField } from "../design/field.tsx";
import { FormActions } from "../design/form-actions.tsx";
import { AreaEditor } from "../region/area-editor.tsx";
import type { Area } from "../region/areas.ts";
import { useExhibitAction } from "./use-exhibit-action.ts";

/** Where people are in a picture or clip: drawn here, burned into every copy for a purpose that hides people. */
export function MarkPeople({ view }: { readonly view: ExhibitView }) {
  const [open, setOpen] = useState(false);
  const isMarked = view.regions !== null;
  return (
    <div className="grid w-full grid-cols-1 gap-3">
      <Button look="quiet" className="justify-self-start" aria-expanded={open} onClick={() => setOpen(!open)}>
        <ScanFace className="size-4" aria-hidden="true" />
        {isMarked ? `Marked people, version ${view.regions.version}` : "Mark people"}
      </Button>
      {open ? <MarkForm key={view.regions?.version ?? 0} view={view} onDone={() => setOpen(false)} /> : null}
    </div>
  );
}

function MarkForm({ view, onDone }: { readonly view: ExhibitView; readonly onDone: () => void }) {
  const [areas, setAreas] = useState<readonly Area[]>(view.regions?.regions ?? []);
  const [because, setBecause] = useState("");
  const [seenMs, setSeenMs] = useState(0);
  const save = useExhibitAction(view.id, "PUT");
  const isClip = view.mediaKind === "clip";
  const version = view.regions?.version ?? 0;
  return (
    <form
      className="grid grid-cols-1 gap-3 rounded-sm border border-line p-3"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(
          { path: "regions", body: { regions: areas, version, because: because.trim() } },
          { onSuccess: onDone },
        );
      }}
    >
      <p className="text-sm text-ink-muted">
        Draw over everybody who must not be known. Copies for purposes that hide people have these areas black; other
        copies and the original stay as they are. Each version is kept.
      </p>
      <AreaEditor
        label={`${view.name} with what is marked in it`}
        picture={isClip ? <ClipPicture view={view} seenMs={seenMs} /> : <StillPicture view={view} />}
        areas={areas}
        onChange={setAreas}
        seenMs={isClip ? seenMs : null}
      />
      {isClip ? <Moment ms={seenMs} onChange={setSeenMs} /> : null}
      <TextField
        label="Because"
        required
        maxLength={2000}
        value={because}
        onChange={(event) => setBecause(event.target.value)}
        hint="Who or what is marked, without a name."
      />
      {save.isError ? <ErrorState fault={save.error} /> : null}
      <FormActions onCancel={onDone} busy={save.isPending} disabled={because.trim().length < 3}>
        Save what is marked
      </FormActions>
    </form>
  );
}

function contentOf({ id }: ExhibitView): string {
  return `/api/v1/exhibits/${encodeURIComponent(id)}/content?because=to%20mark%20people%20in%20it`;
}

function StillPicture({ view }: { readonly view: ExhibitView }) {
  const [failed, setFailed] = useState(false);
  if (failed) return <NoPicture />;
  return (
    <img
      src={contentOf(view)}
      alt=""
      draggable={false}
      className="pointer-events-none block min-h-32 w-full"
      onError={() => setFailed(true)}
    />
  );
}

/** A clip stands still at the moment that is chosen beneath it. */
function ClipPicture({ view, seenMs }: { readonly view: ExhibitView; readonly seenMs: number }) {
  const [failed, setFailed] = useState(false);
  if (failed) return <NoPicture />;
  return (
    // oxlint-disable-next-line jsx-a11y/media-has-caption -- it is muted, and stands still
    <video
      ref={(clip) => {
        if (clip !== null && Math.abs(clip.currentTime * 1000 - seenMs) > 20) clip.currentTime = seenMs / 1000;
      }}
      src={contentOf(view)}
      muted
      playsInline
      preload="metadata"
      className="pointer-events-none block min-h-32 w-full"
      onError={() => setFailed(true)}
    />
  );
}

function NoPicture() {
  return (
    <p className="grid aspect-video place-content-center p-6 text-center text-sm text-ink-muted">
      It is not shown for the purpose that you stated, or not made yet. You can mark by numbers all the same, or state a
      purpose that shows people.
    </p>
  );
}

function Moment({ ms, onChange }: { readonly ms: number; readonly onChange: (ms: number) => void }) {
  return (
    <TextField
      label="Moment of the clip, seconds"
      type="number"
      min={0}
      max={86_400}
      step={0.2}
      value={String(ms / 1000)}
      frameClass="w-48"
      onChange={(event) => onChange(Math.max(0, Math.round((Number(event.target.value) || 0) * 1000)))}
    />
  );
}
