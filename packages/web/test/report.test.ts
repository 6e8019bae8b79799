import assert from "node:assert/strict";
import { colleagues } from "./fixture-retention.ts";
import { sites } from "./fixture-world.ts";
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

testOnScreen("F02 M01 who works in one shop reports from there", { screen: "phone" }, async ({ page, origin }) => {
  const [only] = sites;
  await page.route("**/api/v1/sites", (route) => route.fulfill({ json: { items: [only] } }));
  await page.goto(`${origin}/report`);
  await page.getByRole("button", { name: "Shoplifting" }).tap();
  const shop = page.getByLabel("Shop", { exact: true });
  await eventually("the shop is chosen", async () => (await shop.inputValue()) === "S-1001");
});

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

testOnScreen(
  "J08 a card number, a phone number and a mail address never leave the browser",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    const bodies: string[] = [];
    page.on("request", (request) => bodies.push(`${request.url()} ${request.postData() ?? ""}`));
    await page.goto(`${origin}/report`);
    await page.getByRole("button", { name: "Shoplifting" }).tap();
    await page
      .getByLabel("In your words")
      .fill("Paid with 4111 1111 1111 1111, call 0171 1234567, anna@example.org, EAN 4006381333931");
    await page.getByText("It is replaced before anything leaves this device").waitFor();
    await page.getByLabel("Shop", { exact: true }).selectOption("S-1001");
    await page.getByRole("button", { name: "Send report" }).tap();
    await page.getByText("TW-2026-000500").waitFor();
    const sent = server.posted[0]?.body as { readonly summary: string } | undefined;
    assert.equal(sent?.summary, "Paid with [card number], call [phone number], [mail address], EAN 4006381333931");
    assert.doesNotMatch(bodies.join("\n"), /4111 1111|41111111|1234567|anna@/);
  },
);

testOnScreen(
  "F04 people are described by picking, on a phone, and sent as codes",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/report`);
    await page.getByRole("button", { name: "Shoplifting" }).tap();
    await page.getByLabel("In your words").fill("Two bottles went out");
    await page.getByLabel("Shop", { exact: true }).selectOption("S-1001");
    await page.getByRole("button", { name: "Describe a person" }).tap();
    const person = page.getByRole("group").filter({ hasText: "Person 1" }).first();
    await person.getByRole("button", { name: "165 to 180 cm" }).tap();
    await person.getByRole("button", { name: "hoodie" }).tap();
    await page.locator("summary", { hasText: "How they left" }).press("Enter");
    await page.getByRole("button", { name: "car park" }).press("Enter");
    const text = await page.locator("body").innerText();
    assert.doesNotMatch(text, /ethnic|skin|religio|orientation|nationalit/i);
    await page.getByRole("button", { name: "Send report" }).tap();
    await page.getByText("TW-2026-000500").waitFor();
    const sent = server.posted[0]?.body as { readonly description: unknown } | undefined;
    assert.deepEqual(sent?.description, {
      persons: [{ height: ["h165_180"], upper: ["hoodie"] }],
      scene: { flight: ["car_park"] },
    });
  },
);

testOnScreen(
  "F04 words of a protected trait are challenged: which and why; rephrased or kept with a reason",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/report`);
    await page.getByRole("button", { name: "Shoplifting" }).tap();
    await page.getByLabel("Shop", { exact: true }).selectOption("S-1001");
    await page.getByLabel("In your words").fill("A black jacket and a white van");
    assert.equal(await page.getByText("Please say what was seen").count(), 0);
    await page.getByLabel("In your words").fill("A black man took it");
    await page.getByText("tells where somebody seems to come from").waitFor();
    await page.getByRole("button", { name: "Send report" }).tap();
    await page.getByText("Take the words out").waitFor();
    assert.equal(server.posted.length, 0);
    await page.getByLabel("Keep these words because").fill("the insult is part of the offence");
    await page.getByRole("button", { name: "Send report" }).tap();
    await page.getByText("TW-2026-000500").waitFor();
    const sent = server.posted[0]?.body as { readonly keptBecause: string } | undefined;
    assert.equal(sent?.keptBecause, "the insult is part of the offence");
  },
);

testOnScreen(
  "N13 a report about a colleague says who handles it, and whom it is about by a name that leads to nobody",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    const [boss] = colleagues.items;
    await page.goto(`${origin}/report`);
    await page.getByRole("button", { name: "Vandalism" }).tap();
    await page.getByLabel("In your words").fill("The till was open after closing");
    await page.getByLabel("A colleague of mine is involved").tap();
    await page.getByText("Choose the shop first").waitFor();
    await page.getByLabel("Shop", { exact: true }).selectOption("S-1001");
    await page.getByText("and neither do their managers").waitFor();
    await page.getByText("Counsel, Data protection officer, Investigator").waitFor();
    await page.getByLabel("Find a colleague").fill("stone");
    await page.getByLabel("Alice Marsh").waitFor({ state: "detached" });
    await page.getByLabel("Find a colleague").press("Enter");
    assert.equal(server.posted.length, 0, "Enter in the search sends nothing");
    await page.getByLabel("Bob Stone").check();
    await page.getByText("1 picked.").waitFor();
    const kept = await page.evaluate(() => JSON.stringify(Object.entries(localStorage)));
    assert.ok(boss !== undefined && !kept.includes(boss.ref), "whom it is about does not stay on the device");
    await page.reload();
    assert.ok(await page.getByLabel("Bob Stone").isChecked(), "a reload must not send it to everybody");
    await page.getByRole("button", { name: "Send report" }).tap();
    await page.getByText("TW-2026-000500").waitFor();
    const body = server.posted[0]?.body as Record<string, unknown>;
    assert.deepEqual([body["aboutColleague"], body["aboutColleagues"]], [true, [boss.ref]]);
    await page.getByRole("button", { name: "Report another" }).tap();
    await page.getByRole("button", { name: "Vandalism" }).tap();
    assert.ok(
      !(await page.getByLabel("A colleague of mine is involved").isChecked()),
      "the next report is about nobody of the house",
    );
  },
);

testOnScreen(
  "N13 another shop asks anew whom it is about; it stays a report about a colleague",
  { screen: "phone" },
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/report`);
    await page.getByRole("button", { name: "Vandalism" }).tap();
    await page.getByLabel("In your words").fill("The till was open after closing");
    await page.getByLabel("Shop", { exact: true }).selectOption("S-1001");
    await page.getByLabel("A colleague of mine is involved").tap();
    await page.getByLabel("Alice Marsh").check();
    await page.getByLabel("Shop", { exact: true }).selectOption("S-1003");
    await page.getByText("it is handled by the same people").waitFor();
    await page.getByRole("button", { name: "Send report" }).tap();
    await page.getByText("TW-2026-000500").waitFor();
    const body = server.posted[0]?.body as Record<string, unknown>;
    assert.deepEqual([body["aboutColleague"], body["aboutColleagues"]], [true, undefined]);
  },
);
