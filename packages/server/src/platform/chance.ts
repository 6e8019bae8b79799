import { randomBytes, randomUUID } from "node:crypto";

/** The only source of randomness: ids (UUIDv4) and bytes. Tests hand in a seeded one. */
export type Chance = {
  readonly uuid: () => string;
  readonly bytes: (length: number) => Uint8Array;
};

export const systemChance: Chance = {
  uuid: () => randomUUID(),
  bytes: (length) => new Uint8Array(randomBytes(length)),
};
