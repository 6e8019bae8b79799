import type { Situation } from "../flow.ts";

type Site = { fromMs: number; readonly situations: Map<string, Situation> };

/**
 * The recent situations of one partition's sites that can still take a signal, as they are in the database, so that a round need not read again what earlier rounds
 * read or wrote. A site is known from `fromMs` on: every such situation of it that lasted to then or longer is here. Only the holder of
 * the partition's lease writes situations, so nothing changes behind its back; after a round that failed it MUST be thrown away.
 */
export class SituationMemory {
  readonly #sites = new Map<string, Site>();
  readonly #membersMax: number;
  #members = 0;

  /** Beyond `membersMax` everything is forgotten, and read again as it is needed. */
  constructor(membersMax = 20_000) {
    this.#membersMax = membersMax;
  }

  /** The site's situations that lasted to `fromMs` or longer; null: not known so far back. */
  since(siteId: string, fromMs: number): readonly Situation[] | null {
    const site = this.#sites.get(siteId);
    if (site === undefined || site.fromMs > fromMs) return null;
    return [...site.situations.values()].filter((situation) => situation.lastAtMs >= fromMs);
  }

  /** `situations` MUST be all of the site that lasted to `fromMs` or longer. */
  learn(siteId: string, fromMs: number, situations: readonly Situation[]): void {
    this.#forgetSite(siteId);
    this.#sites.set(siteId, { fromMs, situations: new Map() });
    for (const situation of situations) this.keep(situation);
  }

  /** A situation as it was just written. Of a site that is not known nothing is kept. */
  keep(situation: Situation): void {
    const known = this.#sites.get(situation.siteId)?.situations;
    if (known === undefined) return;
    this.#members += situation.members.length - (known.get(situation.id)?.members.length ?? 0);
    known.set(situation.id, situation);
  }

  /** A situation that takes nothing more. */
  drop({ siteId, id }: Pick<Situation, "siteId" | "id">): void {
    const known = this.#sites.get(siteId)?.situations;
    this.#members -= known?.get(id)?.members.length ?? 0;
    known?.delete(id);
  }

  /** Lets go of what ended before. */
  forgetBefore(beforeMs: number): void {
    if (this.#members > this.#membersMax) {
      this.#sites.clear();
      this.#members = 0;
      return;
    }
    for (const site of this.#sites.values()) {
      if (site.fromMs >= beforeMs) continue;
      site.fromMs = beforeMs;
      for (const { id, lastAtMs, members } of site.situations.values()) {
        if (lastAtMs >= beforeMs) continue;
        site.situations.delete(id);
        this.#members -= members.length;
      }
    }
  }

  #forgetSite(siteId: string): void {
    for (const { members } of this.#sites.get(siteId)?.situations.values() ?? []) this.#members -= members.length;
    this.#sites.delete(siteId);
  }
}
