import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { request } from "../api/request.ts";
import { useMay } from "../app/may.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextField } from "../design/field.tsx";
import { AreaEditor } from "../region/area-editor.tsx";
import type { Area } from "../region/areas.ts";
import { Loaded } from "./loaded.tsx";
import { masksQuery, type CameraMask } from "./privacy-queries.ts";
import { useSiteChoice } from "./sites-panel.tsx";

function MaskCount({ count }: { readonly count: number }) {
  return <span className="text-xs text-ink-muted">{count === 1 ? "1 mask" : `${count} masks`}</span>;
}

type Polygon = CameraMask["polygons"][number];

/** What each camera must not show. */
export function CamerasPanel() {
  const { siteId, field } = useSiteChoice();
  const masks = useQuery(masksQuery(siteId));
  const writes = useMay()("privacy:write");
  return (
    <div className="grid grid-cols-1 gap-4">
      {field}
      <p className="max-w-prose text-sm text-ink-muted">
        Masks are burned into every copy of what the camera took, and handed to cameras and recorders that fetch them. A
        mask that is only set here hides nothing in a camera that did not.
      </p>
      <Loaded query={masks} says="Loading the cameras">
        {({ items }) => (
          <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
            {items.map((mask) =>
              writes ? (
                <MaskCard key={`${siteId} ${mask.deviceId} ${mask.version}`} siteId={siteId} mask={mask} />
              ) : (
                <Card
                  key={mask.deviceId}
                  title={`Camera ${mask.deviceId}`}
                  aside={<MaskCount count={mask.polygons.length} />}
                >
                  <Picture deviceId={mask.deviceId} polygons={mask.polygons} />
                </Card>
              ),
            )}
          </div>
        )}
      </Loaded>
    </div>
  );
}

function MaskCard({ siteId, mask }: { readonly siteId: string; readonly mask: CameraMask }) {
  const queries = useQueryClient();
  const [areas, setAreas] = useState<readonly Area[]>(areasOf(mask));
  const [because, setBecause] = useState("");
  const [picture, setPicture] = useState<string | null>(null);
  const save = useMutation({
    mutationFn: () =>
      request<unknown>(`/api/v1/sites/${encodeURIComponent(siteId)}/masks/${encodeURIComponent(mask.deviceId)}`, {
        method: "PUT",
        body: { polygons: areas.map(({ corners }) => corners), because: because.trim(), version: mask.version },
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["privacy-masks", siteId] }),
  });
  return (
    <Card title={`Camera ${mask.deviceId}`} aside={<MaskCount count={areas.length} />}>
      <form
        className="grid grid-cols-1 gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <AreaEditor
          label={`Picture of ${mask.deviceId} with ${areas.length} masks`}
          picture={<Beneath src={picture} />}
          areas={areas}
          onChange={setAreas}
          seenMs={null}
        />
        <LocalPicture deviceId={mask.deviceId} onPicture={setPicture} />
        <TextField label="Because" required value={because} onChange={(event) => setBecause(event.target.value)} />
        {save.isError ? <ErrorState fault={save.error} /> : null}
        <Button
          type="submit"
          look="primary"
          busy={save.isPending}
          disabled={because.trim().length < 3}
          className="justify-self-start"
        >
          Save the masks
        </Button>
      </form>
    </Card>
  );
}

function areasOf({ polygons }: CameraMask): readonly Area[] {
  return polygons.map((corners) => ({ corners, during: null }));
}

/** What the camera sees, from a picture on this device; without one an empty frame of its shape. */
function Beneath({ src }: { readonly src: string | null }) {
  if (src === null) return <div className="aspect-video w-full" />;
  return <img src={src} alt="" draggable={false} className="pointer-events-none block w-full" />;
}

/** A picture to draw over. It is not sent anywhere. */
function LocalPicture(props: { readonly deviceId: string; readonly onPicture: (src: string | null) => void }) {
  const { deviceId, onPicture } = props;
  const made = useRef<string | null>(null);
  useEffect(
    () => () => {
      if (made.current !== null) URL.revokeObjectURL(made.current);
    },
    [],
  );
  return (
    <TextField
      label={`A picture of ${deviceId} to draw over`}
      type="file"
      accept="image/*"
      hint="It stays on this device."
      className="py-1.5"
      onChange={(event) => {
        const file = event.target.files?.[0];
        if (made.current !== null) URL.revokeObjectURL(made.current);
        made.current = file === undefined ? null : URL.createObjectURL(file);
        onPicture(made.current);
      }}
    />
  );
}

function points(polygon: Polygon): string {
  return polygon.map(([x, y]) => `${x},${y}`).join(" ");
}

/** The masks of a camera, for who only looks at them. */
function Picture({ deviceId, polygons }: { readonly deviceId: string; readonly polygons: readonly Polygon[] }) {
  return (
    <svg
      viewBox="0 0 1000 1000"
      preserveAspectRatio="none"
      role="img"
      aria-label={`Picture of ${deviceId} with ${polygons.length} masks`}
      className="aspect-video w-full rounded-sm border border-line-strong bg-sunken"
    >
      {polygons.map((polygon) => (
        <polygon key={points(polygon)} points={points(polygon)} className="fill-mask stroke-line-strong" />
      ))}
    </svg>
  );
}
