import type { Story } from "./story.ts";

/** An honest visit: in, around, pay, out. Tagged goods are read at the exit; the sale explains them. */
export function shopperVisit(story: Story): void {
  const { shop, random } = story;
  const door = shop.zone(random, ["entrance", "exit"]).id;
  const track = shop.trackId();
  const seen = { data: { person_count: 1, direction: "in", track_id: track } };
  if (random.chance(0.25)) story.seen(door, "person_detected", seen);
  story.wait(90, 900);
  const basket = shop.articles(random, 1 + random.count(2), "any");
  const shelf = shop.device(random, "shelf");
  if (random.chance(0.1)) {
    story.noticed(shelf, "shelf_weight_drop", { data: { sku: basket[0]?.product.sku ?? "", units: 1 } });
    story.wait(30, 300);
  }
  if (random.chance(0.15)) return; // only looked
  story.pays(basket);
  story.wait(20, 90);
  const tagged = basket.filter(({ epc }) => epc !== null);
  if (tagged.length > 0 && random.chance(0.9)) story.leavesWith(tagged, random.chance(0.015) ? "sounds" : "silent");
}

type LookAlike = {
  readonly name: string;
  readonly when: "open" | "closed" | "any";
  readonly weight: number;
  readonly tell: (story: Story) => void;
};

/** Harmless things that look like crimes to a sensor: what makes detection hard. */
export const lookAlikes: readonly LookAlike[] = [
  { name: "honest_loitering", when: "open", weight: 20, tell: honestLoitering },
  { name: "forgotten_tag", when: "open", weight: 12, tell: forgottenTag },
  { name: "tag_from_elsewhere", when: "open", weight: 6, tell: tagFromElsewhere },
  { name: "honest_void", when: "open", weight: 14, tell: honestVoid },
  { name: "honest_refund", when: "open", weight: 12, tell: honestRefund },
  { name: "change_for_the_drawer", when: "open", weight: 12, tell: changeForTheDrawer },
  { name: "damaged_article", when: "open", weight: 8, tell: damagedArticle },
  { name: "staff_purchase", when: "open", weight: 4, tell: staffPurchase },
  { name: "tag_taken_off_at_till", when: "open", weight: 8, tell: tagTakenOffAtTill },
  { name: "lens_cleaning", when: "any", weight: 2, tell: lensCleaning },
  { name: "delivery", when: "any", weight: 6, tell: delivery },
  { name: "wrong_badge", when: "any", weight: 4, tell: wrongBadge },
  { name: "fire_exit_by_mistake", when: "open", weight: 1, tell: fireExitByMistake },
  { name: "running_child", when: "open", weight: 5, tell: runningChild },
  { name: "school_class", when: "open", weight: 2, tell: schoolClass },
  { name: "mistyped_password", when: "any", weight: 3, tell: mistypedPassword },
  { name: "battery_test", when: "any", weight: 1, tell: batteryTest },
  { name: "new_cashier", when: "open", weight: 2, tell: newCashier },
  { name: "night_cleaning", when: "closed", weight: 10, tell: nightCleaning },
  { name: "camera_restart", when: "any", weight: 3, tell: cameraRestart },
  { name: "ghost_alarm", when: "open", weight: 5, tell: ghostAlarm },
  { name: "earlier_purchase", when: "open", weight: 1, tell: earlierPurchase },
  { name: "doubtful_camera", when: "open", weight: 5, tell: doubtfulCamera },
  { name: "shelf_tidying", when: "open", weight: 3, tell: shelfTidying },
  { name: "door_slams", when: "open", weight: 1, tell: doorSlams },
  { name: "cashing_up", when: "closed", weight: 4, tell: cashingUp },
];

function honestLoitering(story: Story): void {
  const { shop, random } = story;
  const zone = shop.zone(random, ["high_value", "aisle"]);
  const data = { dwell_seconds: random.int(60, 260), person_count: random.int(1, 2), track_id: shop.trackId() };
  story.seen(zone.id, "person_loitering", { data, confidence: 0.78 });
  if (random.chance(0.12)) story.seen(zone.id, "concealment_suspected", { data: {}, confidence: 0.52 });
  story.wait(60, 300);
  if (random.chance(0.7)) shopperPays(story);
}

function shopperPays(story: Story): void {
  const basket = story.shop.articles(story.random, story.random.int(1, 3), "any");
  story.pays(basket);
  story.wait(20, 80);
  story.leavesWith(basket, "silent");
}

function forgottenTag(story: Story): void {
  const basket = story.shop.articles(story.random, story.random.int(1, 4), "any");
  story.pays(basket);
  story.wait(20, 120);
  story.leavesWith(basket, "sounds");
}

function tagFromElsewhere(story: Story): void {
  const { shop, random } = story;
  const gate = shop.device(random, "eas_gate", ["exit", "entrance"]);
  story.noticed(gate, "eas_alarm", { data: { direction: "in", tag_count: 1 } });
}

function honestVoid(story: Story): void {
  const { shop, random } = story;
  const till = shop.device(random, "till", ["checkout"]);
  if (till === null) return;
  const articles = shop.articles(random, random.int(1, 3), "any");
  const after_payment = random.chance(0.12);
  const paid = after_payment ? story.pays(articles, till) : null;
  story.wait(5, 40);
  const amount_minor = articles.reduce((sum, { product }) => sum + product.valueMinor, 0);
  const data = { cashier: shop.cashier(till, story.atMs), amount_minor, currency: shop.site.currency };
  const receipt_id = paid?.receiptId ?? shop.receiptId(till);
  const line_count = articles.length;
  story.noticed(till, "pos_void", { data: { ...data, receipt_id, line_count, after_payment, saft_code: 13028 } });
}

function honestRefund(story: Story): void {
  const { shop, random } = story;
  const till = shop.device(random, "till", ["checkout"]);
  if (till === null) return;
  const { product } = shop.article(random, "any");
  const withReceipt = random.chance(0.92);
  story.noticed(till, "pos_refund", {
    data: {
      receipt_id: shop.receiptId(till),
      original_receipt_id: withReceipt ? `${shop.site.id}-${till.id}-${random.int(1, 9999)}` : null,
      cashier: shop.cashier(till, story.atMs),
      amount_minor: product.valueMinor,
      currency: shop.site.currency,
      method: withReceipt ? random.pick(["card", "card", "cash"]) : "voucher",
      skus: [product.sku],
      customer_present: true,
      saft_code: 13013,
    },
  });
}

function changeForTheDrawer(story: Story): void {
  const { shop, random } = story;
  const till = shop.device(random, "till", ["checkout"]);
  if (till === null) return;
  const data = {
    cashier: shop.cashier(till, story.atMs),
    open_seconds: random.int(4, 20),
    count_last_hour: random.int(1, 2),
  };
  story.noticed(till, "pos_no_sale", { data: { ...data, saft_code: 13005 } });
}

function damagedArticle(story: Story): void {
  const { shop, random } = story;
  const article = shop.article(random, "any");
  const paid = story.pays([article]);
  if (paid === null) return;
  const percent = random.int(10, 30);
  const list = article.product.valueMinor;
  const charged = Math.round((list * (100 - percent)) / 100);
  const cashier = shop.cashier(paid.till, story.atMs);
  const data = { receipt_id: paid.receiptId, cashier, sku: article.product.sku, list_minor: list };
  story.noticed(paid.till, "pos_price_override", {
    data: { ...data, charged_minor: charged, percent_off: percent, saft_code: 13021 },
  });
}

function staffPurchase(story: Story): void {
  const { shop, random } = story;
  const article = shop.article(random, "any");
  const paid = story.pays([article]);
  if (paid === null) return;
  const cashier = shop.cashier(paid.till, story.atMs);
  const amount = Math.round(article.product.valueMinor / 5);
  const data = { receipt_id: paid.receiptId, cashier, percent_off: 20, amount_minor: amount, staff_discount: true };
  story.noticed(paid.till, "pos_discount", { data });
}

function tagTakenOffAtTill(story: Story): void {
  const { shop, random } = story;
  const article = shop.article(random, "high_value");
  const { product, epc } = article;
  story.pays([article]);
  story.wait(2, 15);
  const sensor = shop.device(random, "eas_gate", ["checkout", "exit"]);
  const data = { sku: product.sku, ...(epc === null ? {} : { epc }), at_till: true };
  story.noticed(sensor, "tag_detached", { data });
  story.wait(20, 60);
  story.leavesWith([article], "silent");
}

function lensCleaning(story: Story): void {
  const { shop, random } = story;
  const camera = shop.device(random, "camera");
  const badge = shop.device(random, "badge_reader");
  story.noticed(badge, "badge_read", { data: { staff: random.pick(shop.staff), result: "granted" } });
  story.wait(30, 120);
  story.noticed(camera, "camera_covered", { data: { seconds: random.int(8, 40) }, confidence: 0.8 });
}

function delivery(story: Story): void {
  const { shop, random } = story;
  const door = shop.device(random, "door", ["loading_bay", "stock_room"]);
  const badge = shop.device(random, "badge_reader", ["loading_bay", "stock_room"]);
  const staff = random.pick(shop.staff);
  story.noticed(badge, "badge_read", { data: { staff, result: "granted" } });
  story.wait(2, 10);
  story.noticed(door, "door_opened", { data: { badge: staff } });
  story.wait(90, 240);
  if (random.chance(0.6)) story.noticed(door, "door_held_open", { data: { seconds: random.int(90, 400) } });
}

function wrongBadge(story: Story): void {
  const { shop, random } = story;
  const badge = shop.device(random, "badge_reader");
  const staff = random.pick(shop.staff);
  story.noticed(badge, "badge_read", { data: { staff, result: "denied", count_last_10_minutes: 1 } });
  story.wait(4, 15);
  story.noticed(badge, "badge_read", { data: { staff, result: "granted" } });
}

function fireExitByMistake(story: Story): void {
  const { shop, random } = story;
  const doors = shop.devices("door");
  const exit = doors.find(({ id }) => id === "D-02") ?? (doors.length > 0 ? random.pick(doors) : null);
  story.noticed(exit, "fire_exit_opened");
}

function runningChild(story: Story): void {
  const zone = story.shop.zone(story.random, [story.random.pick(["aisle", "entrance", "exit"]), "exit"]);
  story.seen(zone.id, "person_running", { data: {}, confidence: 0.68 });
}

function schoolClass(story: Story): void {
  const door = story.shop.zone(story.random, ["entrance", "exit"]);
  const data = { person_count: story.random.int(8, 24), span_seconds: story.random.int(40, 120) };
  story.seen(door.id, "crowd_entered", { data, confidence: 0.85 });
}

function mistypedPassword(story: Story): void {
  const { shop, random } = story;
  const till = shop.device(random, "till");
  const data = { account: `cashier-${random.int(1, 8)}`, count: random.int(1, 3), terminal_id: till?.id ?? "" };
  story.noticed(shop.device(random, "network"), "login_failed", { data });
}

function batteryTest(story: Story): void {
  const power = story.shop.device(story.random, "power");
  story.noticed(power, "power_on_battery", { data: { minutes_left: story.random.int(20, 40) } });
  story.wait(30, 90);
  story.noticed(power, "power_restored");
}

function newCashier(story: Story): void {
  const till = story.shop.device(story.random, "till", ["checkout"]);
  if (till === null) return;
  const data = { cashier: story.shop.cashier(till, story.atMs), saft_code: 13017 };
  story.noticed(till, "pos_training_mode", { data });
}

function nightCleaning(story: Story): void {
  const { shop, random } = story;
  const badge = shop.device(random, "badge_reader", ["stock_room"]);
  const staff = random.pick(shop.staff);
  story.noticed(badge, "badge_read", { data: { staff, result: "granted" } });
  story.wait(20, 60);
  story.seen(badge?.zone ?? shop.zone(random, ["stock_room"]).id, "motion_detected", {
    data: { area_percent: random.int(3, 15) },
    confidence: 0.8,
  });
}

function cameraRestart(story: Story): void {
  const camera = story.shop.device(story.random, "camera");
  story.noticed(camera, "device_offline", { data: { reason: "restart" } });
  story.wait(20, 90);
  story.noticed(camera, "device_online", { data: { reason: "restart" } });
}

/** The gate sounds for a trolley, a cable or nothing at all. */
function ghostAlarm(story: Story): void {
  const gate = story.shop.device(story.random, "eas_gate", ["exit", "entrance"]);
  story.noticed(gate, "eas_alarm", { data: { direction: "out", tag_count: 1 } });
}

/** Somebody wears what he bought last week; its tag was never taken off. */
function earlierPurchase(story: Story): void {
  story.leavesWith(story.shop.articles(story.random, 1, "any"), "sounds");
}

/** A camera believes to see what is not there. */
function doubtfulCamera(story: Story): void {
  const { shop, random } = story;
  const zone = shop.zone(random, [random.pick(["aisle", "checkout", "high_value", "exit"]), "exit"]);
  const type = random.pick([
    "concealment_suspected",
    "concealment_suspected",
    "aggression_detected",
    "weapon_suspected",
  ]);
  story.seen(zone.id, type, { data: { person_count: 1 }, confidence: 0.52 });
}

function shelfTidying(story: Story): void {
  const { shop, random } = story;
  const data = {
    sku: shop.article(random, "high_value").product.sku,
    units: random.int(4, 15),
    seconds: random.int(30, 400),
  };
  story.noticed(shop.device(random, "shelf"), "shelf_emptied", { data });
}

function doorSlams(story: Story): void {
  story.noticed(story.shop.device(story.random, "door", ["stock_room"]), "door_forced");
}

function cashingUp(story: Story): void {
  const { shop, random } = story;
  const till = shop.device(random, "till", ["checkout"]);
  if (till === null) return;
  const cashier = shop.cashier(till, story.atMs);
  story.noticed(till, "pos_login", { data: { cashier, saft_code: 13003 } });
  story.wait(20, 90);
  story.noticed(till, "pos_no_sale", {
    data: { cashier, open_seconds: random.int(40, 200), count_last_hour: 1, saft_code: 13005 },
  });
}
