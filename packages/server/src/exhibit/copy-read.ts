import { sql } from "kysely";
import type { CopyRecipe } from "@tillwatch/evidence";
import type { ExhibitCopyView } from "@tillwatch/wire";
import type { DbOrTx } from "../schema.ts";
import type { Region, Treatment } from "./copy-recipe.ts";

export type CopyRow = {
  readonly id: string;
  readonly exhibitId: string;
  readonly treatment: string;
  readonly wanted: Treatment;
  readonly state: ExhibitCopyView["state"];
  readonly problem: string | null;
  readonly madeAt: string | null;
  readonly ready: {
    readonly mediaType: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly sha512: string;
    readonly recipe: CopyRecipe;
    readonly object: { readonly objectKey: string; readonly wrappedKey: Uint8Array };
  } | null;
};

type Row = {
  id: string;
  exhibit_id: string;
  treatment: string;
  wanted: string;
  state: CopyRow["state"];
  problem: string | null;
  made_at: Date | null;
  media_type: string | null;
  bytes: number | null;
  sha256: string | null;
  sha512: string | null;
  recipe: string | null;
  object_key: string | null;
  wrapped_key: Uint8Array | null;
};

const columns = sql.raw(
  "id, exhibit_id, treatment, wanted, state, problem, made_at, media_type, bytes, sha256, sha512, recipe, object_key, wrapped_key",
);

export async function copyById(db: DbOrTx, id: string): Promise<CopyRow | null> {
  const { rows } = await sql<Row>`select ${columns} from exhibit_copy where id = ${id}`.execute(db);
  return rows[0] === undefined ? null : toCopy(rows[0]);
}

export async function copyOf(db: DbOrTx, exhibitId: string, treatment: string): Promise<CopyRow | null> {
  const { rows } = await sql<Row>`
    select ${columns} from exhibit_copy where exhibit_id = ${exhibitId} and treatment = ${treatment}`.execute(db);
  return rows[0] === undefined ? null : toCopy(rows[0]);
}

/** All copies of an exhibit, oldest first. */
export async function copiesOf(db: DbOrTx, exhibitId: string): Promise<readonly CopyRow[]> {
  const { rows } = await sql<Row>`
    select ${columns} from exhibit_copy where exhibit_id = ${exhibitId} order by asked_at, id limit 200`.execute(db);
  return rows.map(toCopy);
}

/** Copies that a stop of the process may have cut off. */
export async function unfinishedCopies(db: DbOrTx): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from exhibit_copy where state = 'making' order by asked_at limit 10000`.execute(db);
  return rows.map(({ id }) => id);
}

export async function knownCopyObjects(db: DbOrTx, objectKeys: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ key: string }>`
    select object_key as key from exhibit_copy where object_key = any(${[...objectKeys]}::text[])`.execute(db);
  return new Set(rows.map(({ key }) => key));
}

export type ExhibitCamera = { readonly camera: "ours" | "none" | "unsaid"; readonly deviceId: string | null };

export async function cameraOf(db: DbOrTx, exhibitId: string): Promise<ExhibitCamera> {
  const { rows } = await sql<{ camera: ExhibitCamera["camera"]; device_id: string | null }>`
    select camera, device_id from exhibit where id = ${exhibitId}`.execute(db);
  return { camera: rows[0]?.camera ?? "unsaid", deviceId: rows[0]?.device_id ?? null };
}

/** What was drawn over an exhibit, in its newest version; null: nobody did. */
export async function regionsOf(db: DbOrTx, exhibitId: string): Promise<Treatment["regions"]> {
  const { rows } = await sql<{ version: number; regions: string }>`
    select version, regions from exhibit_region where exhibit_id = ${exhibitId} order by version desc limit 1`.execute(
    db,
  );
  const [row] = rows;
  return row === undefined ? null : { version: row.version, regions: JSON.parse(row.regions) as readonly Region[] };
}

function toCopy(row: Row): CopyRow {
  const { media_type: mediaType, bytes, sha256, sha512, recipe, object_key: objectKey, wrapped_key: wrappedKey } = row;
  const whole =
    mediaType !== null && bytes !== null && sha256 !== null && sha512 !== null && recipe !== null && objectKey !== null;
  return {
    id: row.id,
    exhibitId: row.exhibit_id,
    treatment: row.treatment,
    wanted: JSON.parse(row.wanted) as Treatment,
    state: row.state,
    problem: row.problem,
    madeAt: row.made_at?.toISOString() ?? null,
    ready:
      whole && wrappedKey !== null
        ? {
            mediaType,
            bytes,
            sha256,
            sha512,
            recipe: JSON.parse(recipe) as CopyRecipe,
            object: { objectKey, wrappedKey: new Uint8Array(wrappedKey) },
          }
        : null,
  };
}
