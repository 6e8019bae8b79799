import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { isJsonObject, type JsonObject, type JsonValue } from "@tillwatch/wire";
import { loadPack } from "./load-pack.ts";
import { readPackFiles } from "./pack-files.ts";

const folder = fileURLToPath(new URL("../../../../pack/retail", import.meta.url));
const signalsPage = readFileSync(new URL("../../../../docs/formats/signals.md", import.meta.url), "utf8");
const files = readPackFiles(folder);

function yaml(file: string): JsonObject {
  const value: unknown = parse(files.get(file) ?? "");
  assert.ok(isJsonObject(value), `${file} is no mapping`);
  return value;
}

function objects(value: JsonValue | undefined): readonly JsonObject[] {
  assert.ok(Array.isArray(value));
  return value.filter(isJsonObject);
}

function texts(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

const categories = new Set(objects(yaml("taxonomy.yaml")["categories"]).map(({ code }) => code));

function namesUnknown(names: readonly JsonValue[], known: ReadonlySet<JsonValue | undefined>): readonly JsonValue[] {
  return names.filter((name) => !known.has(name));
}

describe("the shipped pack fits together", () => {
  const loaded = loadPack(files);
  assert.ok(loaded.ok, loaded.ok ? "" : JSON.stringify(loaded.error));
  const { directory, weights, policy } = loaded.value;

  it("C04 level raises, playbooks and sale periods name what exists", () => {
    const raised = weights.level_raises.flatMap((raise) => [...raise.categories, raise.category]);
    assert.deepEqual(namesUnknown(raised, categories), []);
    const playbooks = objects(yaml("playbooks/index.yaml")["playbooks"]);
    assert.ok(playbooks.length > 0);
    assert.deepEqual(
      playbooks.filter(({ category }) => category !== "*" && !categories.has(category ?? null)),
      [],
    );
    assert.ok(playbooks.every(({ steps }) => texts(steps).length > 0));
    const periods = new Set<JsonValue | undefined>(directory.calendar.map(({ name }) => name));
    assert.deepEqual(namesUnknown(Object.keys(weights.calendar), periods), []);
    assert.deepEqual(namesUnknown(["tampering"], categories), ["tampering"]);
  });

  it("D12 classes that join without a detection are on the signals page", () => {
    assert.ok(policy.contextTypes.size > 0);
    assert.deepEqual(
      [...policy.contextTypes].filter((type) => !signalsPage.includes(`\`${type}\``)),
      [],
    );
  });

  it("D10 every shop has what the rules ask for: tills, cameras, gate, RFID, doors, shelf, button, badge, network, power", () => {
    const kinds =
      "till camera eas_gate rfid_reader door shelf panic_button microphone badge_reader network power person";
    for (const site of directory.sites) {
      const has = new Set(site.devices.map(({ kind }) => kind));
      assert.deepEqual(
        kinds.split(" ").filter((kind) => !has.has(kind)),
        [],
        site.id,
      );
      for (const zone of site.zones)
        assert.ok(signalsPage.includes(zone.kind), `${site.id} ${zone.id} is a ${zone.kind}`);
      assert.ok(site.zones.some(({ highValue }) => highValue));
    }
    assert.ok(directory.sites.find(({ id }) => id === "S-1001")?.devices.some(({ id }) => id === "C-01"));
  });

  it("D10 neighbours know each other, and EPC classes are told apart", () => {
    for (const site of directory.sites) {
      const adjacent = new Map(site.zones.map((zone) => [zone.id, zone.adjacent]));
      for (const { id, adjacent: next } of site.zones) {
        for (const other of next)
          assert.ok(adjacent.get(other)?.includes(id), `${site.id}: ${other} does not know ${id}`);
      }
    }
    const classes = directory.products.flatMap(({ epcClass }) => (epcClass === null ? [] : [epcClass]));
    assert.ok(classes.length > 20);
    assert.equal(new Set(classes).size, classes.length);
  });

  it("F01 a person is never told to pursue, to hold or to search anybody", () => {
    const steps = [
      ...objects(yaml("taxonomy.yaml")["categories"]).flatMap(({ sop }) => texts(sop)),
      ...objects(yaml("playbooks/index.yaml")["playbooks"]).flatMap((playbook) => texts(playbook["steps"])),
    ];
    const forbidden =
      /\b(pursue|chase|hold (him|her|them)|detain|search (him|her|them|the person|bags)|follow (him|her|them))\b/i;
    assert.ok(steps.length > 50);
    assert.deepEqual(
      steps.filter((step) => forbidden.test(step) && !/never|do not/i.test(step)),
      [],
    );
    assert.match("Chase the thief", forbidden);
  });
});
