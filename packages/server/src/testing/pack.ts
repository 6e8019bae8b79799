import { readdirSync, readFileSync } from "node:fs";
import { loadPack, type LoadedPack } from "../pack/load-pack.ts";

const shipped = (file: string) => readFileSync(new URL(`../../../../pack/retail/${file}`, import.meta.url), "utf8");

/** The files of the shipped policies, by path in the pack. */
export function shippedPolicies(): ReadonlyMap<string, string> {
  const names = readdirSync(new URL("../../../../pack/retail/policies/", import.meta.url));
  return new Map(names.map((name) => [`policies/${name}`, shipped(`policies/${name}`)]));
}

const loitering = `
title: Lingering at expensive goods
id: 8a3b6f0e-5f1d-4c3a-9d57-1f0a5a9d1c01
logsource: { product: retail, service: camera }
detection:
  selection: { event_type: person_loitering, data.dwell_seconds|gte: 120 }
  condition: selection
level: low
tillwatch: { category: shoplifting, level: 1, points: 2400, says: Somebody lingered at the goods }
`;
const voided = `
title: Paid sale voided
id: 8a3b6f0e-5f1d-4c3a-9d57-1f0a5a9d1c02
logsource: { product: retail, service: till }
detection:
  selection: { event_type: pos_void, data.after_payment: true }
  condition: selection
level: high
tillwatch: { category: till_fraud, level: 1, points: 4200, says: A paid sale was voided }
`;
const exit = `
title: Exit alarm without sale
id: 8a3b6f0e-5f1d-4c3a-9d57-1f0a5a9d1c03
logsource: { product: retail, service: eas_gate }
detection:
  selection: { event_type: eas_alarm, data.direction: out, context.sale_explains: none }
  condition: selection
level: high
tillwatch: { category: shoplifting, level: 1, points: 4200, says: The exit gate sounded and no sale explains it }
`;
const panic = `
title: Panic button
id: 8a3b6f0e-5f1d-4c3a-9d57-1f0a5a9d1c04
logsource: { product: retail, service: panic_button }
detection:
  selection: { event_type: panic_button }
  condition: selection
level: critical
tillwatch: { category: violence, level: 3, points: 8500, says: Somebody pressed the panic button }
`;

const directory = `
version: test-directory
sites:
  - id: S-1
    name: Test shop
    timezone: Europe/Berlin
    currency: EUR
    zones:
      - { id: checkout, name: Tills, kind: checkout, adjacent: [exit] }
      - { id: exit, name: Exit, kind: exit, adjacent: [checkout] }
    devices:
      - { id: C-1, kind: camera, zone: checkout }
      - { id: T-1, kind: till, zone: checkout }
      - { id: G-1, kind: eas_gate, zone: exit }
      - { id: P-1, kind: panic_button, zone: checkout }
products:
  - { sku: WHISKY, name: Whisky, value_minor: 4500, currency: EUR, epc_class: "urn:epc:id:sgtin:9521321.010001" }
`;

/**
 * Four rules and one shop with the shipped weights and correlation: small enough to hold while reading a test. `rules`: more of them;
 * `models`: with those that ship.
 */
export function testPack({
  rules = "",
  models = false,
}: { readonly rules?: string; readonly models?: boolean } = {}): LoadedPack {
  const files = new Map([
    ["directory.yaml", directory],
    ["score.yaml", shipped("score.yaml")],
    ["correlate.yaml", shipped("correlate.yaml")],
    ["rules/exit.yml", exit],
    ["rules/loitering.yml", loitering],
    ["rules/panic.yml", panic],
    ["rules/voided.yml", voided],
    ...(rules === "" ? [] : [["rules/more.yml", rules] as const]),
    ["taxonomy.yaml", shipped("taxonomy.yaml")],
    ["privacy.yaml", shipped("privacy.yaml")],
    ["playbooks/index.yaml", shipped("playbooks/index.yaml")],
    ...shippedPolicies(),
    ...(models ? ["models/index.yaml", "models/site-windows.json"].map((file) => [file, shipped(file)] as const) : []),
  ]);
  const pack = loadPack(files);
  if (!pack.ok) throw new Error(JSON.stringify(pack.error));
  return pack.value;
}
