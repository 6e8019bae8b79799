import type { Story } from "../story.ts";

/** A cashier books refunds for goods that nobody brought back and takes the cash. */
export function refundFraud(story: Story): string {
  const { shop, random } = story;
  const till = shop.device(random, "till", ["checkout"]);
  const zoneId = till?.zone ?? "";
  if (till === null) return zoneId;
  const cashier = shop.cashier(till, story.atMs);
  if (random.chance(0.4)) {
    story.noticed(till, "pos_receipt_copied", {
      data: { receipt_id: shop.receiptId(till), cashier, saft_code: 13014 },
    });
    story.wait(20, 90);
  }
  for (let turn = random.int(1, 3); turn > 0; turn -= 1) {
    const { product } = shop.article(random, "high_value");
    story.noticed(till, "pos_refund", {
      data: {
        receipt_id: shop.receiptId(till),
        original_receipt_id: null,
        cashier,
        amount_minor: product.valueMinor,
        currency: shop.site.currency,
        method: random.chance(0.8) ? "cash" : "voucher",
        skus: [product.sku],
        customer_present: false,
        saft_code: 13013,
      },
    });
    if (random.chance(0.4)) {
      story.wait(2, 10);
      story.noticed(till, "pos_no_sale", {
        data: { cashier, open_seconds: random.int(4, 25), count_last_hour: 1, saft_code: 13005 },
      });
    }
    story.wait(60, 240);
  }
  return zoneId;
}

/** A cashier opens the drawer again and again and voids paid sales to keep the cash. */
export function noSaleSkimming(story: Story): string {
  const { shop, random } = story;
  const till = shop.device(random, "till", ["checkout"]);
  const zoneId = till?.zone ?? "";
  if (till === null) return zoneId;
  const cashier = shop.cashier(till, story.atMs);
  const turns = random.int(3, 6);
  for (let turn = 1; turn <= turns; turn += 1) {
    story.noticed(till, "pos_no_sale", {
      data: { cashier, open_seconds: random.int(8, 40), count_last_hour: turn + 1, saft_code: 13005 },
    });
    story.wait(20, 120);
    if (random.chance(0.4)) {
      const articles = shop.articles(random, random.int(1, 4), "any");
      const paid = story.pays(articles, till);
      story.wait(15, 50);
      const amount = articles.reduce((sum, { product }) => sum + product.valueMinor, 0);
      story.noticed(till, "pos_void", {
        data: {
          receipt_id: paid?.receiptId ?? "",
          cashier,
          amount_minor: amount,
          currency: shop.site.currency,
          line_count: articles.length,
          after_payment: true,
          saft_code: 13028,
        },
      });
    }
    story.wait(30, 150);
  }
  return zoneId;
}

/** A cashier lets a friend have the goods: lines voided, prices cut, the goods leave all the same. */
export function sweethearting(story: Story): string {
  const { shop, random } = story;
  const till = shop.device(random, "till", ["checkout"]);
  const zoneId = till?.zone ?? "";
  if (till === null) return zoneId;
  const cashier = shop.cashier(till, story.atMs);
  const goods = shop.articles(random, random.int(3, 6), "high_value");
  const paid = story.pays(goods.slice(0, 1), till);
  const receipt_id = paid?.receiptId ?? "";
  const currency = shop.site.currency;
  for (const { product } of goods.slice(1)) {
    story.wait(2, 8);
    if (random.chance(0.6)) {
      const data = { receipt_id, cashier, sku: product.sku, amount_minor: product.valueMinor, currency };
      story.noticed(till, "pos_line_void", { data });
    } else {
      const percent = random.int(60, 95);
      const charged = Math.round((product.valueMinor * (100 - percent)) / 100);
      const price = { list_minor: product.valueMinor, charged_minor: charged, percent_off: percent, saft_code: 13021 };
      story.noticed(till, "pos_price_override", { data: { receipt_id, cashier, sku: product.sku, ...price } });
    }
  }
  story.wait(20, 60);
  story.leavesWith(goods, random.chance(0.6) ? "sounds" : "silent");
  return zoneId;
}

/** Somebody works on a till's card reader or cables; the network sees it as well. */
export function tillTampering(story: Story): string {
  const { shop, random } = story;
  const till = shop.device(random, "till", ["checkout", "self_checkout"]);
  const zoneId = till?.zone ?? shop.zone(random, ["checkout"]).id;
  const terminal = till?.id ?? "";
  const network = shop.device(random, "network");
  if (random.chance(0.3))
    story.seen(zoneId, "camera_covered", { data: { seconds: random.int(30, 400) }, confidence: 0.88 });
  story.wait(10, 60);
  if (random.chance(0.6)) {
    const data = { switch_port: `gi1/0/${random.int(1, 24)}`, terminal_id: terminal };
    story.noticed(network, "device_joined_network", { data });
    story.wait(5, 40);
  }
  const part = random.pick(["card_reader", "card_reader", "case", "cable", "firmware"]);
  story.noticed(till, "pos_tamper", { data: { part } });
  story.wait(10, 90);
  if (random.chance(0.8)) {
    const login = {
      account: `pos-svc-${random.int(1, 3)}`,
      host: `${shop.site.id}-${terminal}`,
      terminal_id: terminal,
    };
    story.noticed(network, "login_unusual", {
      data: { ...login, from_address: `10.20.${random.int(1, 9)}.${random.int(2, 250)}` },
    });
  } else {
    story.noticed(network, "login_failed", {
      data: { account: "admin", count: random.int(6, 40), terminal_id: terminal },
    });
  }
  return zoneId;
}
