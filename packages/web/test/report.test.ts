import assert from "node:assert/strict";
import { eventually, testOnScreen } from "./on-screen.ts";

testOnScreen(
  "F02 F19 M01 a report is sent from a phone in four touches and a sentence",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/report`);
    await page.getByRole("button", { name: "Shoplifting" }).tap();
    await page.getByText("Do this now").waitFor();
    assert.equal(await page.getByText("Call 112").count(), 0);
    await page.getByLabel("In your words").fill("Two bottles went out through the exit");
    await page.getByLabel("Shop", { exact: true }).selectOption("S-1001");
    await page.getByLabel("Value lost (if known)").fill("49,90");
    await page.getByRole("button", { name: "Send report" }).tap();
    await page.getByText("TW-2026-000500").waitFor();
    const body = server.posted[0]?.body as Record<string, unknown>;
    const { occurredAt, ...rest } = body;
    assert.deepEqual(rest, {
      siteId: "S-1001",
      category: "shoplifting",
      summary: "Two bottles went out through the exit",
      valueLostMinor: 4990,
      currency: "EUR",
    });
    assert.ok(Math.abs(Date.parse(String(occurredAt)) - Date.now()) < 60_000);
    assert.equal(await page.evaluate(() => sessionStorage.getItem("tillwatch.report.words")), "");
  },
);

testOnScreen(
  "M01 violence asks to call for help before anything else",
  { screen: "phone" },
  async ({ page, origin }) => {
    await page.goto(`${origin}/report`);
    await page.getByRole("button", { name: "Assault" }).tap();
    await page.getByText("Is somebody in danger? Call first.").waitFor();
    assert.equal(await page.getByRole("link", { name: "Call 112" }).getAttribute("href"), "tel:112");
  },
);

testOnScreen(
  "F02 what is missing is named at its field and the first one gets the focus",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/report`);
    await page.getByRole("button", { name: "Vandalism" }).tap();
    await page.getByLabel("Value lost (if known)").fill("much");
    await page.getByRole("button", { name: "Send report" }).tap();
    await page.getByText("Say in a sentence what happened.").waitFor();
    await page.getByText("Choose the shop.").waitFor();
    await page.getByText("An amount, for example 49.90.").waitFor();
    await eventually("the first field has the focus", () =>
      page.evaluate(() => document.activeElement?.tagName === "TEXTAREA"),
    );
    assert.equal(server.posted.length, 0);
  },
);

testOnScreen(
  "M01 without a connection the report is kept, and sent again by the same button",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/report`);
    await page.getByRole("button", { name: "Vandalism" }).tap();
    await page.getByLabel("In your words").fill("The mirror is broken");
    await page.getByLabel("Shop", { exact: true }).selectOption("S-1003");
    await page.context().setOffline(true);
    await page
      .getByText(/Offline since/)
      .filter({ visible: true })
      .waitFor();
    await page.getByRole("button", { name: "Send report" }).tap();
    await page.getByText("web_server_unreachable").waitFor();
    assert.equal(server.posted.length, 0);
    await page.context().setOffline(false);
    await page.reload();
    assert.equal(await page.getByLabel("In your words").inputValue(), "The mirror is broken");
    assert.equal(await page.getByLabel("Shop", { exact: true }).inputValue(), "S-1003");
    await page.getByRole("button", { name: "Send report" }).tap();
    await page.getByText("TW-2026-000500").waitFor();
  },
);

testOnScreen(
  "B05 a report whose answer got lost is sent again as the same report",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/report`);
    await page.getByRole("button", { name: "Vandalism" }).tap();
    await page.getByLabel("In your words").fill("The mirror is broken");
    await page.getByLabel("Shop", { exact: true }).selectOption("S-1002");
    server.loseAnswers = true;
    await page.getByRole("button", { name: "Send report" }).tap();
    await page.getByText("web_server_unreachable").waitFor();
    server.loseAnswers = false;
    await page.reload();
    await page.getByRole("button", { name: "Send report" }).tap();
    await page.getByText("TW-2026-000500").waitFor();
    const [first, second] = server.posted;
    assert.ok(first?.idempotencyKey);
    assert.deepEqual(second, first);
  },
);

testOnScreen(
  "F05 no words about people stay on the device, and none stand in an address",
  { screen: "phone" },
  async ({ page, origin }) => {
    await page.goto(`${origin}/report`);
    await page.getByRole("button", { name: "Vandalism" }).tap();
    await page.getByLabel("In your words").fill("Tall person in a red coat");
    await page.getByLabel("Shop", { exact: true }).selectOption("S-1003");
    const kept = await page.evaluate(() => JSON.stringify(Object.entries(localStorage)));
    assert.match(kept, /S-1003/);
    assert.doesNotMatch(kept, /red coat/);
    assert.doesNotMatch(page.url(), /coat/);
  },
);
