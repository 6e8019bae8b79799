import type { FastifyRequest } from "fastify";
import type { Signer } from "@tillwatch/evidence";
import type { Access } from "../access/ask.ts";
import { askedOf } from "../access/ask-http.ts";
import { problem } from "../api/problem.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { SharePartner } from "@tillwatch/wire";
import type { Db, Tx } from "../schema.ts";
import type { ReleaseGrounds } from "./release.ts";

/** What a webhook tells of a release: tokens and codes only. */
export type ReleaseNews = {
  readonly event: "packet.released" | "packet.release_withdrawn";
  readonly organisationId: string;
  readonly atMs: number;
  readonly data: Readonly<Record<string, string | number | null>>;
};

export type ReleaseDeps = {
  readonly db: Db;
  readonly access: Access;
  readonly fields: FieldVault;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly signer: Signer;
  readonly grounds: ReleaseGrounds;
  readonly partners: () => readonly SharePartner[];
  readonly nameOf: (organisationId: string) => string;
  /** Whether an organisation takes part no longer: links to what it released open nothing. */
  readonly hasEnded: (organisationId: string) => boolean;
  readonly addTimeline: (tx: Tx, lines: readonly ReleaseLine[]) => Promise<void>;
  /** Tells webhooks, in the transaction of what happened. */
  readonly tell: (tx: Tx, news: ReleaseNews) => Promise<void>;
  /** Called after the commit, so that screens follow. */
  readonly released: (of: { readonly packetId: string; readonly incidentId: string }) => void;
};

/** A line on the incident's timeline; it names no recipient, for a partner may read it. */
export type ReleaseLine = {
  readonly id: string;
  readonly incidentId: string;
  readonly kind: "packet";
  readonly atMs: number;
  readonly says: string;
  readonly actor: string;
  readonly detail: { readonly packetId: string; readonly releaseId: string };
};

export function unknownRelease() {
  return problem(404, "release_unknown", "there is no such release of this packet");
}

/** The case that the request was asked about. */
export function placeOf(request: FastifyRequest) {
  const { facts } = askedOf(request);
  if (!("incidentId" in facts)) throw new Error("a release is asked about a case or its packet");
  const { incidentId, site } = facts;
  return { incidentId, organisationId: site.organisationId, country: site.country };
}
