import { Eye, EyeOff, SquarePlus } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Button } from "../design/button.tsx";
import { AreaCanvas } from "./area-canvas.tsx";
import { AreaFields } from "./area-fields.tsx";
import { areasMax, middle, type Area } from "./areas.ts";

/**
 * Rectangles over a picture: drawn with mouse, pen or finger, moved with the arrow keys, or put in by number. `seenMs`: the moment of a clip
 * that the picture shows; null: it is no clip.
 */
export function AreaEditor(props: {
  readonly label: string; // of the picture, for who does not see it
  readonly picture: ReactNode;
  readonly areas: readonly Area[];
  readonly onChange: (areas: readonly Area[]) => void;
  readonly seenMs: number | null;
}) {
  const { label, picture, areas, onChange, seenMs } = props;
  const [chosen, setChosen] = useState<number | null>(null);
  const [preview, setPreview] = useState(false);
  const area = chosen === null ? undefined : areas[chosen];
  const put = (at: number, news: Area): void => onChange(areas.map((one, index) => (index === at ? news : one)));
  const add = (news: Area): void => {
    if (areas.length >= areasMax) return;
    onChange([...areas, news]);
    setChosen(areas.length);
  };
  const remove = (at: number): void => {
    onChange(areas.filter((_one, index) => index !== at));
    setChosen(null);
  };
  return (
    <div className="grid grid-cols-1 gap-3">
      <AreaCanvas
        label={label}
        picture={picture}
        areas={areas}
        chosen={chosen}
        preview={preview}
        seenMs={seenMs}
        onChoose={setChosen}
        onAdd={add}
        onPut={put}
        onRemove={remove}
      />
      <div className="flex flex-wrap items-center gap-2">
        <Button disabled={areas.length >= areasMax || preview} onClick={() => add(middle)}>
          <SquarePlus className="size-4" aria-hidden="true" />
          Add an area
        </Button>
        <Button look="quiet" aria-pressed={preview} onClick={() => setPreview(!preview)}>
          {preview ? <EyeOff className="size-4" aria-hidden="true" /> : <Eye className="size-4" aria-hidden="true" />}
          {preview ? "Go on drawing" : "As it is given out"}
        </Button>
      </div>
      <Hint preview={preview} />
      {preview || areas.length === 0 ? null : <AreaList count={areas.length} chosen={chosen} onChoose={setChosen} />}
      {area === undefined || chosen === null || preview ? null : (
        <AreaFields
          key={chosen}
          number={chosen + 1}
          area={area}
          seenMs={seenMs}
          onChange={(news) => put(chosen, news)}
          onRemove={() => remove(chosen)}
        />
      )}
    </div>
  );
}

function Hint({ preview }: { readonly preview: boolean }) {
  return (
    <p className="text-xs text-ink-muted">
      {preview
        ? "Black is what nobody sees. It is burned into the copy: there is nothing beneath it."
        : "Draw with mouse or finger; drag an area to move it, its corner to change its size. By keyboard: Tab to an area, arrow keys move it, with Shift they change its size, Delete removes it."}
    </p>
  );
}

function AreaList(props: {
  readonly count: number;
  readonly chosen: number | null;
  readonly onChoose: (at: number) => void;
}) {
  const { count, chosen, onChoose } = props;
  return (
    <ul className="flex flex-wrap gap-2" aria-label="Areas">
      {Array.from({ length: count }, (_none, at) => (
        <li key={at}>
          <Button look={at === chosen ? "primary" : "plain"} onClick={() => onChoose(at)}>
            Area {at + 1}
          </Button>
        </li>
      ))}
    </ul>
  );
}
