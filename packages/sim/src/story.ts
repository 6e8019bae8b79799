import type { JsonObject } from "@tillwatch/wire";
import type { Observation } from "./observation.ts";
import type { Random } from "./random.ts";
import type { Article, Shop } from "./shop.ts";
import type { SimDevice } from "./sim-directory.ts";

type Seen = { readonly data?: JsonObject; readonly confidence?: number; readonly zoneId?: string };

/** Something that unfolds in a shop, told step by step: its clock only moves forward, every step may be noticed by a device. */
export class Story {
  readonly shop: Shop;
  readonly random: Random;
  readonly observations: Observation[] = [];
  readonly #name: string;
  readonly #crimeId: string | null;
  readonly #pace: number;
  #atMs: number;

  constructor(plot: {
    readonly shop: Shop;
    readonly random: Random;
    readonly name: string;
    readonly startMs: number;
    readonly crimeId: string | null;
    readonly pace: number; // 1: as in life; below: quicker
  }) {
    this.shop = plot.shop;
    this.random = plot.random;
    this.#name = plot.name;
    this.#crimeId = plot.crimeId;
    this.#pace = plot.pace;
    this.#atMs = plot.startMs;
  }

  get atMs(): number {
    return this.#atMs;
  }

  wait(fromSeconds: number, toSeconds: number): void {
    this.#atMs += Math.round(this.random.between(fromSeconds, toSeconds) * 1000 * this.#pace);
  }

  /** A device notices; nothing where the shop has no such device. Two notices of one story are at least a millisecond apart. */
  noticed(device: SimDevice | null, type: string, seen: Seen = {}): void {
    if (device === null) return;
    this.#atMs += 1;
    this.observations.push({
      device,
      type,
      atMs: this.#atMs,
      data: seen.data ?? {},
      confidence: seen.confidence ?? null,
      zoneId: seen.zoneId ?? null,
      crimeId: this.#crimeId,
      story: this.#name,
    });
  }

  /** What a camera sees in a zone. */
  seen(zoneId: string, type: string, seen: Seen = {}): void {
    this.noticed(this.shop.camera(zoneId), type, { confidence: 0.84, ...seen, zoneId });
  }

  /** Somebody of the staff writes it down a minute or more afterwards. */
  reported(category: string, priority: "low" | "medium" | "high", summary: string): void {
    this.wait(40, 150);
    this.noticed(this.shop.device(this.random, "person"), "staff_report", { data: { category, priority, summary } });
  }

  /** Articles pass the exit: the portal reads the tags, the gate sounds where they are live. */
  leavesWith(articles: readonly Article[], gate: "sounds" | "silent"): void {
    const { shop, random } = this;
    const epcs = articles.flatMap(({ epc }) => (epc === null ? [] : [epc]));
    if (epcs.length === 0) return;
    const exit = ["exit", "entrance"];
    this.noticed(shop.device(random, "rfid_reader", exit), "rfid_exit_read", { data: { epcs, direction: "out" } });
    if (gate === "silent") return;
    this.wait(0, 2);
    const data = { direction: "out", tag_count: epcs.length, epcs };
    this.noticed(shop.device(random, "eas_gate", exit), "eas_alarm", { data });
  }

  /** The articles are paid at a till; gives the till and the receipt. */
  pays(articles: readonly Article[], at: SimDevice | null = null): { till: SimDevice; receiptId: string } | null {
    const { shop, random } = this;
    const till = at ?? shop.device(random, "till", ["checkout", "self_checkout"]);
    if (till === null) return null;
    const receiptId = shop.receiptId(till);
    const lines = articles.map(({ product, epc }) => ({
      sku: product.sku,
      ...(epc === null ? {} : { epc }),
      quantity: 1,
      amount_minor: product.valueMinor,
    }));
    const amount = articles.reduce((sum, { product }) => sum + product.valueMinor, 0);
    const cashier = shop.cashier(till, this.atMs);
    const currency = shop.site.currency;
    const data = { receipt_id: receiptId, cashier, amount_minor: amount, currency, lines };
    this.noticed(till, "pos_sale", { data });
    return { till, receiptId };
  }
}
