import { TextField } from "../design/field.tsx";
import { roleWords } from "./people-shapes.ts";

/** What a person may do and where, as one edits it; both places empty: everywhere. */
export type Rights = { readonly roles: readonly string[]; readonly sites: string; readonly regions: string };

export const noRights: Rights = { roles: [], sites: "", regions: "" };

export function RightsFields(props: {
  readonly rights: Rights;
  readonly onChange: (rights: Rights) => void;
  readonly error: string | null;
}) {
  const { rights, onChange, error } = props;
  const toggle = (role: string, on: boolean): void => {
    onChange({ ...rights, roles: on ? [...rights.roles, role] : rights.roles.filter((known) => known !== role) });
  };
  return (
    <>
      <fieldset className="grid gap-1">
        <legend className="pb-1 text-sm font-medium">Roles</legend>
        <div className="grid gap-x-4 sm:grid-cols-2">
          {Object.entries(roleWords).map(([role, says]) => (
            <label key={role} className="flex min-h-8 items-center gap-2 text-sm">
              <input
                type="checkbox"
                checked={rights.roles.includes(role)}
                onChange={(event) => toggle(role, event.target.checked)}
              />
              {says}
            </label>
          ))}
        </div>
        {error === null ? null : <p className="text-sm font-medium text-bad">{error}</p>}
      </fieldset>
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Sites"
          value={rights.sites}
          onChange={(event) => onChange({ ...rights, sites: event.target.value })}
          hint="Ids with commas, like S-1001, S-1002."
        />
        <TextField
          label="Regions"
          value={rights.regions}
          onChange={(event) => onChange({ ...rights, regions: event.target.value })}
          hint="With commas. Both empty: everywhere."
        />
      </div>
    </>
  );
}

/** The body's members. null and null: everywhere. */
export function rightsBody({ roles, sites, regions }: Rights): object {
  return { roles, sites: listOf(sites), regions: listOf(regions) };
}

function listOf(text: string): readonly string[] | null {
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return names.length === 0 ? null : names;
}
