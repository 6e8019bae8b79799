import { TextField } from "../design/field.tsx";
import { identifierKinds } from "./request-words.ts";

export type Known = Readonly<Record<string, string>>;

/** All that somebody is known by; what is not known stays empty. */
export function IdentifierFields(props: { readonly known: Known; readonly onChange: (known: Known) => void }) {
  const { known, onChange } = props;
  return identifierKinds.map(([name, label]) => (
    <TextField
      key={name}
      label={label}
      autoComplete="off"
      value={known[name] ?? ""}
      onChange={(event) => onChange({ ...known, [name]: event.target.value })}
    />
  ));
}
