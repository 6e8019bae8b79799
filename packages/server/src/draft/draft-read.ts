import { sql } from "kysely";
import type { DraftOrigin, PacketDraft } from "@tillwatch/evidence";
import type { AcceptedDraft, DraftChanges, DraftInput, DraftModel, DraftPlace, JsonObject } from "@tillwatch/wire";
import type { DbOrTx } from "../schema.ts";

/** A draft as it is kept. Texts are in their sealed form. */
export type Draft = {
  readonly id: string;
  readonly incidentId: string;
  readonly offeredBy: string;
  readonly program: string | null; // its name; null: not known any more, or not to this asker
  readonly requestSha256: string;
  readonly place: DraftPlace;
  readonly model: DraftModel;
  readonly promptSha256: string;
  readonly prompt: string | null; // sealed
  readonly inputs: readonly DraftInput[];
  readonly parameters: JsonObject;
  readonly writtenAt: Date;
  readonly offeredAt: Date;
  readonly revision: number;
  readonly state: "offered" | "accepted" | "refused";
  readonly settledAt: Date | null;
  readonly settledBy: string | null;
  readonly settledBecause: string | null; // sealed
  readonly changes: DraftChanges | null;
  readonly editedBy: readonly string[] | null;
};

export type Revision = {
  readonly draftId: string;
  readonly number: number;
  readonly text: string; // sealed; empty where it was not asked for
  readonly salt: string; // sealed; as above
  readonly textSha256: string;
  readonly chainSha256: string;
  readonly by: string;
  readonly at: Date;
};

const columns = sql.raw(`d.id, d.incident_id as "incidentId", d.offered_by as "offeredBy",
  (select s.name from service_account s where s.token = d.offered_by) as program, d.request_sha256 as "requestSha256",
  d.place, d.model, d.prompt_sha256 as "promptSha256", d.prompt, d.inputs, d.parameters, d.written_at as "writtenAt",
  d.offered_at as "offeredAt", d.revision, d.state, d.settled_at as "settledAt", d.settled_by as "settledBy",
  d.settled_because as "settledBecause", d.changes, d.edited_by as "editedBy"`);

/** Drafts of a case, newest first. Uses draft_by_incident. */
export async function draftsOf(db: DbOrTx, incidentId: string): Promise<readonly Draft[]> {
  const { rows } = await sql<Draft>`
    select ${columns} from draft d where d.incident_id = ${incidentId}::uuid
    order by d.offered_at desc, d.id limit 500`.execute(db);
  return rows;
}

/** One draft of this case; null: there is none. */
export async function draftById(
  db: DbOrTx,
  at: { readonly id: string; readonly incidentId: string },
): Promise<Draft | null> {
  const { rows } = await sql<Draft>`
    select ${columns} from draft d where d.id = ${at.id}::uuid and d.incident_id = ${at.incidentId}::uuid`.execute(db);
  return rows[0] ?? null;
}

/** Every revision of these drafts, in order; with all texts, or those of the first and the last alone. */
export async function revisionsOf(
  db: DbOrTx,
  draftIds: readonly string[],
  texts: "every" | "first_and_last",
): Promise<readonly Revision[]> {
  const shown = texts === "every" ? sql`true` : sql`(r.number = 0 or r.number = d.revision)`;
  const { rows } = await sql<Revision>`
    select r.draft_id as "draftId", r.number, case when ${shown} then r.text else '' end as text,
      case when ${shown} then r.salt else '' end as salt, r.text_sha256 as "textSha256", r.chain_sha256 as "chainSha256",
      r.by_token as by, r.at
    from draft_revision r join draft d on d.id = r.draft_id
    where r.draft_id in (select value::uuid from json_array_elements_text(${JSON.stringify(draftIds)}::json))
    order by r.draft_id, r.number`.execute(db);
  return rows;
}

/** What the program stated: the chain of revisions begins with it. */
export function originOf(
  draft: Pick<Draft, "place" | "model" | "offeredBy" | "writtenAt" | "promptSha256" | "inputs" | "parameters">,
): DraftOrigin {
  const { place, model, offeredBy, writtenAt, promptSha256, inputs, parameters } = draft;
  return { place, model, offeredBy, writtenAt: writtenAt.toISOString(), promptSha256, inputs: [...inputs], parameters };
}

/** Where the texts of a case come from that a program drafted and a person accepted, oldest first. */
export async function acceptedDraftsOf(db: DbOrTx, incidentId: string): Promise<readonly AcceptedDraft[]> {
  return (await acceptedOf(db, incidentId)).map((draft) => ({
    draftId: draft.id,
    place: draft.place,
    model: draft.model,
    offeredBy: draft.offeredBy,
    offeredAt: draft.offeredAt.toISOString(),
    promptSha256: draft.promptSha256,
    inputs: draft.inputs,
    editedBy: draft.editedBy,
    changes: draft.changes,
    acceptedBy: draft.settledBy,
    acceptedAt: draft.settledAt.toISOString(),
  }));
}

/** The same as a packet proves it. Salts are in their sealed form. */
export async function packetDraftsOf(db: DbOrTx, incidentId: string): Promise<readonly PacketDraft[]> {
  const drafts = await acceptedOf(db, incidentId);
  const ids = drafts.map(({ id }) => id);
  const all = Map.groupBy(await revisionsOf(db, ids, "first_and_last"), ({ draftId }) => draftId);
  return drafts.map((draft) => ({
    draftId: draft.id,
    origin: originOf(draft),
    revisions: (all.get(draft.id) ?? []).map(({ number, by, at, textSha256 }) => ({
      number,
      by,
      at: at.toISOString(),
      textSha256,
    })),
    accepted: {
      by: draft.settledBy,
      at: draft.settledAt.toISOString(),
      salt: all.get(draft.id)?.at(-1)?.salt ?? null,
    },
    changes: draft.changes,
  }));
}

type Accepted = Draft & {
  readonly settledBy: string;
  readonly settledAt: Date;
  readonly changes: DraftChanges;
  readonly editedBy: readonly string[];
};

async function acceptedOf(db: DbOrTx, incidentId: string): Promise<readonly Accepted[]> {
  const { rows } = await sql<Accepted>`
    select ${columns} from draft d where d.incident_id = ${incidentId}::uuid and d.state = 'accepted'
    order by d.settled_at, d.id`.execute(db);
  return rows;
}
