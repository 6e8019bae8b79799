/**
 * What verifying a packet says: each check by name, and the first thing wrong in one plain sentence. The order is that of trust: the
 * seal first, then what it covers, so that the first failure is the cause and not a consequence.
 */
export const packetChecks = [
  "zip structure",
  "packet layout",
  "statement signature",
  "statement subjects",
  "log proof",
  "sealing entry",
  "keys",
  "tag manifests",
  "completeness",
  "payload digests",
  "bag structure",
  "record",
  "exhibits",
  "custody chains",
  "audit entries",
  "copies",
  "drafts",
] as const;
export type PacketCheckName = (typeof packetChecks)[number];

export type PacketCheck = { readonly name: PacketCheckName; readonly ok: boolean; readonly detail: string };

/** A key that the verdict rests on. `given` by the verifier, vouched for by the `log`, or only named by the `packet` itself. */
export type PacketKeyUse = {
  readonly role: "log" | "statement";
  /** vkey of the log; base64 of the statement's key. */
  readonly key: string;
  readonly source: "given" | "log" | "packet";
};

export type PacketReport = {
  /** "unusable": the input is no packet at all; "broken": it is one, and something in it is wrong. */
  readonly verdict: "verified" | "broken" | "unusable";
  /** In the order of packetChecks; checks that could not be reached are absent. */
  readonly checks: readonly PacketCheck[];
  readonly firstProblem?: string;
  /** The top folder, once known. */
  readonly folder?: string;
  readonly keys: readonly PacketKeyUse[];
};

/** Collects checks. A check holds until something fails it; only its first failure is kept, that is the one to look at. */
export class PacketFindings {
  readonly #details = new Map<PacketCheckName, { ok: boolean; detail: string }>();

  pass(name: PacketCheckName, detail: string): void {
    if (!this.#details.has(name)) this.#details.set(name, { ok: true, detail });
  }

  fail(name: PacketCheckName, detail: string): void {
    if (this.#details.get(name)?.ok !== false) this.#details.set(name, { ok: false, detail });
  }

  failed(name: PacketCheckName): boolean {
    return this.#details.get(name)?.ok === false;
  }

  list(): PacketCheck[] {
    return packetChecks.flatMap((name) => {
      const found = this.#details.get(name);
      return found === undefined ? [] : [{ name, ...found }];
    });
  }
}
