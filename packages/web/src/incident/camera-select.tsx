import { useQuery } from "@tanstack/react-query";
import { sitesQuery } from "../api/queries.ts";
import { Select } from "../design/field.tsx";

/** Which of the site's cameras took what is added, so that its mask is burned into copies. */
export function CameraSelect(props: {
  readonly siteId: string;
  readonly value: string;
  readonly onChange: (device: string) => void;
}) {
  const { siteId, value, onChange } = props;
  const { data } = useQuery(sitesQuery);
  const devices = data?.items.find(({ id }) => id === siteId)?.devices ?? [];
  const cameras = devices.filter(({ kind }) => kind === "camera");
  if (cameras.length === 0) return null;
  return (
    <Select label="Taken by" value={value} onChange={(event) => onChange(event.target.value)}>
      <option value="">Not said</option>
      <option value="none">None of our cameras</option>
      {cameras.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </Select>
  );
}
