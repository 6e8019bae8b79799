import type { SimDirectory, SimSite } from "../sim-directory.ts";

const zones = [
  { id: "entrance", kind: "entrance", highValue: false },
  { id: "exit", kind: "exit", highValue: false },
  { id: "tills", kind: "checkout", highValue: false },
  { id: "phones", kind: "high_value", highValue: true },
  { id: "stock", kind: "stock_room", highValue: false },
];

const devices = [
  { id: "C-01", kind: "camera", zone: "phones", covers: ["tills"] },
  { id: "C-02", kind: "camera", zone: "entrance", covers: ["exit"] },
  { id: "T-01", kind: "till", zone: "tills", covers: [] },
  { id: "T-02", kind: "till", zone: "tills", covers: [] },
  { id: "E-01", kind: "eas_gate", zone: "exit", covers: [] },
  { id: "R-01", kind: "rfid_reader", zone: "exit", covers: [] },
  { id: "D-01", kind: "door", zone: "stock", covers: [] },
  { id: "SH-01", kind: "shelf", zone: "phones", covers: [] },
  { id: "P-01", kind: "panic_button", zone: "tills", covers: [] },
  { id: "M-01", kind: "microphone", zone: "entrance", covers: [] },
  { id: "B-01", kind: "badge_reader", zone: "stock", covers: [] },
  { id: "N-01", kind: "network", zone: "tills", covers: [] },
  { id: "U-01", kind: "power", zone: "stock", covers: [] },
  { id: "H-01", kind: "person", zone: "tills", covers: [] },
];

const day = [[8 * 60, 20 * 60]] as const;

export function smallSite(id: string): SimSite {
  const openingHours = { mon: day, tue: day, wed: day, thu: day, fri: day, sat: day, sun: [] };
  return { id, timezone: "Europe/Berlin", currency: "EUR", openingHours, zones, devices };
}

/** Two shops of everything, closed at night and on Sundays. */
export const smallDirectory: SimDirectory = {
  sites: [smallSite("S-1001"), smallSite("S-1002")],
  products: [
    { sku: "P-1", valueMinor: 89_900, epcClass: "urn:epc:id:sgtin:9521321.010001", highValue: true },
    { sku: "P-2", valueMinor: 1_999, epcClass: null, highValue: false },
    { sku: "P-3", valueMinor: 12_900, epcClass: "urn:epc:id:sgtin:9521321.010002", highValue: true },
  ],
  calendar: [],
};

/** A Tuesday, 13:00 in Berlin. */
export const tuesdayNoonMs = Date.parse("2026-03-24T12:00:00Z");
