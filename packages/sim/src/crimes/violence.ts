import type { Story } from "../story.ts";

/** Somebody threatens a cashier for the money. */
export function robbery(story: Story): string {
  const { shop, random } = story;
  const till = shop.device(random, "till", ["checkout"]);
  const zoneId = till?.zone ?? shop.zone(random, ["checkout"]).id;
  if (random.chance(0.7))
    story.seen(zoneId, "weapon_suspected", { data: { person_count: random.int(1, 2) }, confidence: 0.78 });
  story.wait(2, 8);
  const data = { cashier: shop.staff[0] ?? "", open_seconds: random.int(15, 50), saft_code: 13005 };
  if (till !== null) story.noticed(till, "pos_no_sale", { data: { ...data, cashier: shop.cashier(till, story.atMs) } });
  if (random.chance(0.4)) story.noticed(shop.device(random, "microphone"), "scream_detected", { confidence: 0.78 });
  story.wait(4, 25);
  if (random.chance(0.9)) story.noticed(shop.device(random, "panic_button", ["checkout"]), "panic_button");
  story.wait(2, 10);
  story.seen(shop.zone(random, ["exit", "entrance"]).id, "person_running", {
    data: { direction: "out" },
    confidence: 0.85,
  });
  return zoneId;
}

/** A quarrel with staff or among customers. */
export function aggression(story: Story): string {
  const { shop, random } = story;
  const zone = shop.zone(random, [random.pick(["checkout", "entrance", "aisle", "exit"]), "exit", "checkout"]);
  story.seen(zone.id, "aggression_detected", { data: { person_count: random.int(2, 4) }, confidence: 0.84 });
  story.wait(3, 15);
  if (random.chance(0.7))
    story.noticed(shop.device(random, "microphone", [zone.kind]), "scream_detected", { confidence: 0.8 });
  story.wait(5, 25);
  if (random.chance(0.45)) story.noticed(shop.device(random, "panic_button"), "panic_button");
  else if (random.chance(0.5)) story.reported("violence", "high", "Two customers attacked each other; staff kept away");
  return zone.id;
}

/** Blinds a camera to clear a shelf behind its back. */
export function cameraBlinding(story: Story): string {
  const { shop, random } = story;
  const zone = shop.zone(random, ["high_value", "aisle"]);
  story.seen(zone.id, random.pick(["camera_covered", "camera_covered", "camera_moved", "camera_defocused"]), {
    data: { seconds: random.int(120, 900) },
    confidence: 0.9,
  });
  story.wait(15, 60);
  const loot = shop.articles(random, random.int(3, 8), "high_value");
  story.noticed(shop.device(random, "shelf", [zone.kind]), "shelf_emptied", {
    data: { sku: loot[0]?.product.sku ?? "", units: random.int(5, 12), seconds: random.int(8, 40) },
  });
  story.wait(30, 120);
  story.leavesWith(loot, random.chance(0.6) ? "sounds" : "silent");
  return zone.id;
}
