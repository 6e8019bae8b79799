import { Directory, type DirectoryData } from "../enrich/directory.ts";

const allWeek = { mon: [], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] };

/** One small shop: checkout beside the exit, spirits beside both, a stock room behind. */
export const testDirectoryData: DirectoryData = {
  version: "test-1",
  sites: [
    {
      id: "S-1",
      name: "Test shop",
      kind: "store",
      organisation: "home",
      region: null,
      country: null,
      timezone: "Europe/Berlin",
      currency: "EUR",
      assortments: undefined,
      openingHours: {
        ...allWeek,
        mon: [[480, 1200]],
        tue: [[480, 1200]],
        wed: [[480, 1200]],
        thu: [[480, 1200]],
        fri: [[480, 1200]],
      },
      zones: [
        { id: "checkout", name: "Tills", kind: "checkout", highValue: false, adjacent: ["exit"] },
        { id: "exit", name: "Exit", kind: "exit", highValue: false, adjacent: ["checkout", "spirits"] },
        { id: "spirits", name: "Spirits", kind: "high_value", highValue: true, adjacent: ["exit"] },
        { id: "stock", name: "Stock room", kind: "stock_room", highValue: false, adjacent: [] },
      ],
      devices: [
        device("C-1", "camera", { zone: "spirits" }),
        device("C-2", "camera", { zone: "checkout", covers: ["exit"] }),
        device("T-1", "till", { zone: "checkout" }),
        device("T-2", "till", { zone: "checkout" }),
        device("G-1", "eas_gate", { zone: "exit" }),
        device("R-1", "rfid_reader", { zone: "exit" }),
        device("D-1", "door", { zone: "stock" }),
        device("N-1", "network", {}),
      ],
    },
  ],
  products: [
    {
      sku: "WHISKY",
      name: "Whisky",
      valueMinor: 4500,
      currency: "EUR",
      assortment: undefined,
      epcClass: "urn:epc:id:sgtin:9521321.010001",
      highValue: true,
    },
    {
      sku: "GUM",
      name: "Gum",
      valueMinor: 99,
      currency: "EUR",
      assortment: undefined,
      epcClass: null,
      highValue: false,
    },
  ],
  calendar: [
    {
      id: null,
      note: null,
      name: "Sale",
      fromMs: Date.parse("2026-11-27T00:00:00Z"),
      toMs: Date.parse("2026-11-30T00:00:00Z"),
      sites: ["*"],
    },
  ],
};

function device(id: string, kind: string, where: { zone?: string; covers?: readonly string[] }) {
  const { zone = null, covers = [] } = where;
  return { id, kind, name: id, zone, covers, owner: null, criticality: "normal" as const };
}

export const testDirectory = new Directory(testDirectoryData);
export const whisky = (serial: number) => `urn:epc:id:sgtin:9521321.010001.${serial}`;
