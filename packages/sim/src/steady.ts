import type { JsonObject } from "@tillwatch/wire";
import { Random } from "./random.ts";
import type { SimDevice, SimDirectory, SimProduct, SimSite } from "./sim-directory.ts";

export type SteadyOptions = {
  readonly seed: string | number;
  readonly directory: SimDirectory;
  readonly count: number;
  readonly startMs: number;
  readonly perSecond?: number; // pace of their times; default 1,000
  readonly suspiciousShare?: number; // 0..1, of signals that rules match; default 0.01
};

/**
 * For benchmarks: so many CloudEvents of everyday classes, quickly made, each with an id of its own, times rising evenly. No story
 * holds them together and nothing is missed, late or doubled; for that there is `createWorld`.
 */
export function* steadySignals(options: SteadyOptions): Generator<JsonObject, void, undefined> {
  const random = new Random(`tillwatch-steady/${options.seed}`);
  const makers = options.directory.sites.flatMap((site) =>
    site.devices.flatMap((device) => makerOf(site, device) ?? []),
  );
  const everyday = makers.filter(({ suspicious }) => !suspicious);
  const suspicious = makers.filter((maker) => maker.suspicious);
  if (everyday.length === 0) throw new Error("the directory names no till, camera or RFID reader to signal steadily");
  const stepMs = 1000 / (options.perSecond ?? 1000);
  const share = suspicious.length === 0 ? 0 : (options.suspiciousShare ?? 0.01);
  const tag = random.int(36 ** 4, 36 ** 5 - 1).toString(36);
  for (let index = 0; index < options.count; index += 1) {
    const maker = random.pick(random.next() < share ? suspicious : everyday);
    const time = new Date(options.startMs + Math.floor(index * stepMs)).toISOString();
    yield {
      specversion: "1.0",
      id: `${tag}-${index.toString(36)}`,
      source: maker.source,
      type: maker.type,
      time,
      datacontenttype: "application/json",
      siteid: maker.siteId,
      deviceid: maker.deviceId,
      data: maker.data({ random, index, products: options.directory.products }),
    };
  }
}

type Facts = { readonly random: Random; readonly index: number; readonly products: readonly SimProduct[] };
type Maker = {
  readonly source: string;
  readonly siteId: string;
  readonly deviceId: string;
  readonly type: string;
  readonly suspicious: boolean;
  readonly data: (facts: Facts) => JsonObject;
};

function makerOf(site: SimSite, device: SimDevice): readonly Maker[] | null {
  const where = { source: `${site.id}/${device.id}`, siteId: site.id, deviceId: device.id };
  const everyday = (type: string, data: Maker["data"]): Maker => ({ ...where, type, suspicious: false, data });
  const suspect = (type: string, data: Maker["data"]): Maker => ({ ...where, type, suspicious: true, data });
  switch (device.kind) {
    case "till":
      return [
        everyday("pos_sale", (facts) => sale(site, device, facts)),
        suspect("pos_void", (facts) => ({
          ...receipt(site, device, facts),
          line_count: 2,
          after_payment: true,
          saft_code: 13028,
        })),
      ];
    case "camera":
      return [
        everyday("person_detected", ({ random }) => ({
          person_count: 1,
          direction: "in",
          confidence: random.int(60, 98) / 100,
        })),
        suspect("person_loitering", ({ random }) => ({
          dwell_seconds: random.int(70, 300),
          confidence: random.int(60, 95) / 100,
        })),
      ];
    case "rfid_reader":
      return [everyday("rfid_zone_read", ({ random, products }) => ({ epcs: epcsOf(random, products) }))];
    case "eas_gate":
      return [suspect("eas_alarm", () => ({ direction: "out", tag_count: 1 }))];
    default:
      return null;
  }
}

function receipt(site: SimSite, device: SimDevice, { random, index }: Facts): JsonObject {
  const amount_minor = random.int(200, 40_000);
  return {
    receipt_id: `${site.id}-${device.id}-s${index}`,
    cashier: "st_5eed01",
    amount_minor,
    currency: site.currency,
  };
}

function sale(site: SimSite, device: SimDevice, facts: Facts): JsonObject {
  const lines = Array.from({ length: facts.random.int(1, 4) }, () => {
    const { sku, valueMinor } = facts.random.pick(facts.products);
    return { sku, quantity: 1, amount_minor: valueMinor };
  });
  const amount_minor = lines.reduce((sum, line) => sum + line.amount_minor, 0);
  return { ...receipt(site, device, facts), amount_minor, lines };
}

function epcsOf(random: Random, products: readonly SimProduct[]): readonly string[] {
  const { epcClass } = random.pick(products);
  return epcClass === null ? [] : [`${epcClass}.${random.int(1, 999_999)}`];
}
