import { generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { certificatePem, serialFrom, type CertificateAuthority } from "./certificate-authority.ts";
import type { Chance } from "../chance.ts";

/** What a TLS listener shows and proves itself with, as PEM. */
export type TlsPair = { readonly key: string; readonly cert: string };

/** `refresh` answers whether `current` changed: a renewed file, or a certificate of our own that was about to expire. */
export type ServerKeys = { readonly current: () => TlsPair; readonly refresh: (nowMs: number) => Promise<boolean> };

type FromFiles = { readonly certPath: string; readonly keyPath: string };

/** Of files that an operator renews. Throws where they cannot be read or do not belong together; later the last good pair stays. */
export async function keysFromFiles(files: FromFiles): Promise<ServerKeys> {
  let pair = await readPair(files);
  return {
    current: () => pair,
    refresh: async () => {
      const next = await readPair(files);
      const changed = next.cert !== pair.cert || next.key !== pair.key;
      pair = next;
      return changed;
    },
  };
}

const dayMs = 24 * 3600_000;
const ownDays = 90;
const renewedBeforeDays = 30;

/** Issued by our own authority, for development and for networks where only our devices come. The key lives in memory. */
export async function keysFromAuthority(
  authority: CertificateAuthority,
  { hosts, chance, nowMs }: { readonly hosts: readonly string[]; readonly chance: Chance; readonly nowMs: number },
): Promise<ServerKeys> {
  const make = async (atMs: number) => {
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { der } = await authority.issueServer(pair.publicKey.export({ type: "spki", format: "der" }), {
      serial: serialFrom(chance.bytes(16)),
      hosts,
      notBeforeMs: atMs - 3600_000,
      notAfterMs: atMs + ownDays * dayMs,
    });
    const key = pair.privateKey.export({ type: "pkcs8", format: "pem" });
    return { madeAtMs: atMs, pair: { key, cert: certificatePem(der) } };
  };
  let made = await make(nowMs);
  return {
    current: () => made.pair,
    refresh: async (atMs) => {
      if (atMs - made.madeAtMs < (ownDays - renewedBeforeDays) * dayMs) return false;
      made = await make(atMs);
      return true;
    },
  };
}

async function readPair({ certPath, keyPath }: FromFiles): Promise<TlsPair> {
  const pair = { cert: await readFile(certPath, "utf8"), key: await readFile(keyPath, "utf8") };
  // Throws where they are no PEM or not each other's.
  createSecureContext(pair);
  return pair;
}
