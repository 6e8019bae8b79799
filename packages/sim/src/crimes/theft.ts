import type { Story } from "../story.ts";

/** Lingers at expensive goods, hides some, leaves past the tills. */
export function concealment(story: Story): string {
  const { shop, random } = story;
  const zone = shop.zone(random, ["high_value", "aisle"]);
  const track = shop.trackId();
  const loot = shop.articles(random, random.int(1, 4), "high_value");
  story.seen(shop.zone(random, ["entrance", "exit"]).id, "person_detected", {
    data: { person_count: 1, direction: "in", track_id: track },
  });
  story.wait(20, 90);
  const dwell = random.int(70, 300);
  story.seen(zone.id, "person_loitering", { data: { dwell_seconds: dwell, person_count: 1, track_id: track } });
  story.wait(10, 60);
  const shelf = shop.devices("shelf").find((device) => device.zone === zone.id);
  if (shelf !== undefined && random.chance(0.7)) {
    const type = loot.length > 2 ? "shelf_emptied" : "shelf_weight_drop";
    const sku = loot[0]?.product.sku ?? "";
    const units = type === "shelf_emptied" ? random.int(6, 12) : loot.length;
    story.noticed(shelf, type, {
      data: { sku, units, ...(type === "shelf_emptied" ? { seconds: random.int(8, 40) } : {}) },
    });
    story.wait(1, 10);
  }
  if (random.chance(0.65)) {
    story.seen(zone.id, "concealment_suspected", {
      data: { track_id: track, item_count: loot.length },
      confidence: 0.76,
    });
  }
  story.wait(20, 90);
  story.leavesWith(loot, random.chance(0.85) ? "sounds" : "silent");
  if (random.chance(0.35)) {
    story.seen(shop.zone(random, ["exit", "entrance"]).id, "person_running", {
      data: { direction: "out", track_id: track },
      confidence: 0.8,
    });
  }
  return zone.id;
}

/** Pushes a full trolley out past the tills. */
export function pushOut(story: Story): string {
  const { shop, random } = story;
  const zone = shop.zone(random, ["high_value", "aisle"]);
  const exit = shop.zone(random, ["exit", "entrance"]);
  const track = shop.trackId();
  const shelf = shop.device(random, "shelf");
  const loot = shop.articles(random, random.int(5, 14), "high_value");
  if (random.chance(0.6)) {
    story.noticed(shelf, "shelf_emptied", {
      data: { sku: loot[0]?.product.sku ?? "", units: random.int(5, 12), seconds: random.int(10, 60) },
    });
  }
  story.wait(30, 120);
  story.seen(exit.id, "trolley_passed_exit", { data: { track_id: track, passed_checkout: false }, confidence: 0.88 });
  story.leavesWith(loot, random.chance(0.9) ? "sounds" : "silent");
  if (random.chance(0.25)) story.reported("shoplifting", "medium", "A full trolley was pushed out past the tills");
  return zone.id;
}

/** Takes the tags off in the fitting room or between the shelves, then leaves in silence. */
export function tagRemoval(story: Story): string {
  const { shop, random } = story;
  const zone = shop.zone(random, ["fitting_room", "high_value", "aisle"]);
  const loot = shop.articles(random, random.int(2, 4), "high_value");
  const sensor = shop.device(random, "eas_gate", [zone.kind, "exit"]);
  story.seen(zone.id, "person_loitering", {
    data: { dwell_seconds: random.int(120, 480), person_count: 1, track_id: shop.trackId() },
  });
  for (const { product, epc } of loot) {
    story.wait(15, 70);
    const what = { sku: product.sku, ...(epc === null ? {} : { epc }) };
    story.noticed(sensor, "tag_detached", { data: { ...what, at_till: false }, zoneId: zone.id });
  }
  story.wait(40, 180);
  if (random.chance(0.5)) story.leavesWith(loot, "silent");
  return zone.id;
}

/** A group storms in, breaks a display, takes what it can and is gone within a minute. */
export function smashAndGrab(story: Story): string {
  const { shop, random } = story;
  const door = shop.zone(random, ["entrance", "exit"]);
  const zone = shop.zone(random, ["high_value", "aisle"]);
  const people = random.int(4, 9);
  story.seen(door.id, "crowd_entered", {
    data: { person_count: people, span_seconds: random.int(4, 14) },
    confidence: 0.9,
  });
  story.wait(5, 15);
  if (random.chance(0.8)) story.noticed(shop.device(random, "microphone"), "glass_break", { confidence: 0.86 });
  story.wait(2, 8);
  story.seen(zone.id, "aggression_detected", { data: { person_count: people }, confidence: 0.8 });
  const loot = shop.articles(random, random.int(6, 18), "high_value");
  story.noticed(shop.device(random, "shelf", [zone.kind]), "shelf_emptied", {
    data: { sku: loot[0]?.product.sku ?? "", units: random.int(8, 20), seconds: random.int(5, 20) },
  });
  if (random.chance(0.6)) story.noticed(shop.device(random, "microphone"), "scream_detected", { confidence: 0.8 });
  story.wait(5, 20);
  if (random.chance(0.7)) story.noticed(shop.device(random, "panic_button"), "panic_button");
  story.wait(3, 12);
  story.seen(door.id, "person_running", { data: { direction: "out" }, confidence: 0.87 });
  story.leavesWith(loot, "sounds");
  if (random.chance(0.4)) story.reported("organised_theft", "high", "A group broke a display and ran with the goods");
  return zone.id;
}

/** Eight come in one after the other within ten seconds, and a camera counts each by himself: no device says that they are a group. */
export function rushIn(story: Story): string {
  const { shop, random } = story;
  const door = shop.zone(random, ["entrance", "exit"]);
  for (let person = 0; person < 8; person++) {
    const data = { person_count: 1, direction: "in", track_id: shop.trackId() };
    story.seen(door.id, "person_detected", { data, confidence: 0.9 });
    story.wait(0.9, 1.3);
  }
  return door.id;
}

/** Comes at night through a door or a window. */
export function burglary(story: Story): string {
  const { shop, random } = story;
  const door = shop.device(random, "door", ["loading_bay", "stock_room"]);
  const zoneId = door?.zone ?? shop.zone(random, ["stock_room"]).id;
  if (random.chance(0.25))
    story.seen(zoneId, "camera_covered", { data: { seconds: random.int(60, 900) }, confidence: 0.9 });
  story.wait(5, 40);
  story.noticed(door, "door_forced");
  story.wait(3, 20);
  story.seen(zoneId, "motion_detected", { data: { area_percent: random.int(8, 40) }, confidence: 0.86 });
  const goal = shop.zone(random, ["high_value", "cash_office"]);
  for (const inside of shop.wayTo(zoneId, goal.id)) {
    story.wait(8, 40);
    story.seen(inside, "motion_detected", { data: { area_percent: random.int(8, 40) }, confidence: 0.86 });
  }
  if (random.chance(0.5)) story.noticed(shop.device(random, "microphone"), "glass_break", { confidence: 0.85 });
  story.wait(20, 120);
  story.leavesWith(shop.articles(random, random.int(3, 10), "high_value"), "sounds");
  return zoneId;
}
