import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Page } from "playwright-core";
import { incidentId } from "./fixture-world.ts";
import { eventually, testOnScreen, watchShifts } from "./on-screen.ts";

const path = `/incidents/${incidentId(1)}`;
const verdictPath = `/api/v1/incidents/${incidentId(1)}/verdict`;

async function openIncident(page: Page, origin: string, tab = "why"): Promise<void> {
  await page.goto(`${origin}${path}?tab=${tab}`);
  await page.getByRole("heading", { level: 1, name: "Tagged spirits left" }).waitFor();
}

testOnScreen(
  "E06 a verdict takes one key and is recorded within five seconds",
  {},
  async ({ page, server, origin }) => {
    await openIncident(page, origin);
    const pressedAtMs = Date.now();
    await page.keyboard.press("t");
    await page.getByText(/TW-2026-000123: True\. Saving/).waitFor();
    await eventually("the verdict is sent", () => server.posted.some((post) => post.path === verdictPath));
    assert.ok(Date.now() - pressedAtMs < 5_000);
    assert.deepEqual(
      server.posted.map((post) => [post.path, post.body]),
      [[verdictPath, { verdict: "true" }]],
    );
    await page.getByText("Saved: TW-2026-000123 is true.").waitFor();
    assert.equal(await page.getByRole("button", { name: "True" }).getAttribute("aria-pressed"), "true");
  },
);

testOnScreen("E06 a verdict can be undone before it is recorded", {}, async ({ page, server, origin }) => {
  await openIncident(page, origin);
  await page.keyboard.press("f");
  await page.getByText(/False\. Saving/).waitFor();
  await page.keyboard.press("z");
  await page.getByText(/Taken back/).waitFor();
  await page.waitForTimeout(4_500);
  assert.equal(server.posted.length, 0);
});

testOnScreen(
  "E06 going on to the next incident sends the verdict and loses nothing",
  {},
  async ({ page, server, origin }) => {
    await page.goto(origin);
    await page.getByRole("link", { name: "Panic button at the tills" }).click();
    await page.getByRole("heading", { level: 1, name: "Panic button" }).waitFor();
    await page.keyboard.press("t");
    await page.keyboard.press("n");
    await page.getByRole("heading", { level: 1, name: "Tagged spirits left" }).waitFor();
    await page.keyboard.press("u");
    await eventually("both verdicts are sent", () => server.posted.length === 2);
    assert.deepEqual(
      server.posted.map((post) => post.body),
      [{ verdict: "true" }, { verdict: "unsure" }],
    );
  },
);

testOnScreen("E06 a verdict that the server refuses is said to be not saved", {}, async ({ page, server, origin }) => {
  await openIncident(page, origin);
  server.failWith(verdictPath, {
    type: "about:blank",
    title: "Conflict",
    status: 409,
    code: "incident_closed",
    detail: "It was closed meanwhile.",
  });
  await page.keyboard.press("u");
  await page
    .getByText(/Not saved: the verdict on TW-2026-000123\. It was closed meanwhile\. \(incident_closed\)/)
    .waitFor();
});

testOnScreen("E06 keys are quiet while somebody types", {}, async ({ page, server, origin }) => {
  await openIncident(page, origin);
  await page.getByLabel("New note").fill("");
  await page.getByLabel("New note").press("t");
  await page.waitForTimeout(300);
  assert.equal(await page.getByText(/Saving/).count(), 0);
  await page.getByLabel("New note").fill("The tills had no sale of it");
  await page.getByRole("button", { name: "Add note" }).click();
  await eventually("the note is sent", () => server.posted.length === 1);
  assert.deepEqual(server.posted[0]?.body, { text: "The tills had no sale of it" });
});

testOnScreen("E05 the waterfall lists every reason and its numbers sum exactly", {}, async ({ page, origin }) => {
  await openIncident(page, origin);
  const table = page.getByRole("table", { name: "How the score came about" });
  const rows = await table.getByRole("row").allInnerTexts();
  const amounts = rows.flatMap((row) => {
    const [, sign, digits] = /([+−])(\d+\.\d{3})/.exec(row) ?? [];
    return digits === undefined ? [] : [(sign === "−" ? -1 : 1) * Number(digits.replace(".", ""))];
  });
  const total = amounts.pop();
  assert.equal(amounts.length, 7);
  assert.equal(
    amounts.reduce((sum, amount) => sum + amount, 0),
    total,
  );
  assert.match(rows[1] ?? "", /Most of what sensors notice is harmless/);
  assert.match(rows.at(-1) ?? "", /sum exactly[^]*\+3\.710[^]*0\.98/);
});

testOnScreen("E05 what a rule matched on is shown: field, value and pattern", {}, async ({ page, origin }) => {
  await openIncident(page, origin);
  await page.getByText("What the rules saw").waitFor();
  assert.match(
    await page.locator("li", { hasText: "Tagged goods leave without a sale" }).first().innerText(),
    /context\.unexplained_count was 6; the rule asks for >= 2/,
  );
});

testOnScreen(
  "F08 the timeline shows corrected time, the device's own time, and what came late",
  {},
  async ({ page, origin }) => {
    await openIncident(page, origin, "timeline");
    const first = page.locator("ol > li", { hasText: "Camera C-03 saw" });
    assert.match(await first.innerText(), /the device wrote \d\d:\d\d:\d\d, its clock is 3 min ahead/);
    assert.match(await page.locator("ol > li", { hasText: "Exit gate E-01 rang" }).innerText(), /arrived late/);
    await page.getByRole("button", { name: /^Signal/ }).click();
    assert.equal(await page.getByText("Camera C-03 saw").count(), 0);
    await page.getByText("Duty manager informed").waitFor();
  },
);

testOnScreen(
  "E08 an override asks for a reason and stands beside the machine's value",
  {},
  async ({ page, server, origin }) => {
    await openIncident(page, origin);
    await page.getByRole("button", { name: "Set by hand" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Severity").fill("1,5");
    await dialog.getByRole("button", { name: "Set severity" }).click();
    await dialog.getByText("A number from 0 to 1").waitFor();
    await dialog.getByText("A reason is needed").waitFor();
    assert.equal(server.posted.length, 0);
    await dialog.getByLabel("Severity").fill("0,35");
    await dialog.getByLabel("Because").fill("The sale was found on till 3");
    await dialog.getByRole("button", { name: "Set severity" }).click();
    await dialog.waitFor({ state: "hidden" });
    assert.deepEqual(server.posted[0]?.body, { severity: 0.35, because: "The sale was found on till 3" });
  },
);

testOnScreen("F06 only the allowed states are offered, each with its reason", {}, async ({ page, server, origin }) => {
  await openIncident(page, origin);
  assert.equal(await page.getByRole("button", { name: "Hand over" }).count(), 0);
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await page
    .getByRole("dialog")
    .getByLabel(/Because/)
    .fill("On my way");
  await page.keyboard.press("Tab");
  await page.getByRole("dialog").getByRole("button", { name: "Acknowledge" }).click();
  await eventually("it is sent", () => server.posted.length === 1);
  assert.deepEqual(server.posted[0]?.body, { to: "acknowledged", because: "On my way" });
  await page.getByText("Acknowledged", { exact: true }).first().waitFor();
});

testOnScreen("F06 closing begins with one of the known reasons", {}, async ({ page, server, origin }) => {
  await openIncident(page, origin);
  await page.getByRole("button", { name: "Close", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Why").selectOption("unfounded");
  await dialog.getByLabel(/Because/).fill("The sale was found");
  await dialog.locator("button[type=submit]").click();
  await eventually("it is sent", () => server.posted.length === 1);
  assert.deepEqual(server.posted[0]?.body, { to: "closed", because: "unfounded: The sale was found" });
});

testOnScreen(
  "F02 the record is completed on its page, and only what differs is sent",
  {},
  async ({ page, server, origin }) => {
    await openIncident(page, origin);
    await page.getByRole("button", { name: "Correct or complete" }).click();
    const dialog = page.getByRole("dialog");
    assert.equal(await dialog.getByLabel("Lost (EUR)").inputValue(), "214.00");
    assert.ok(await dialog.getByRole("button", { name: "Save" }).isDisabled());
    await dialog.getByLabel("Recovered (EUR)").fill("100");
    await dialog.getByLabel("People involved").fill("2");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "hidden" });
    assert.deepEqual(server.posted[0]?.body, { valueRecoveredMinor: 10_000, peopleInvolved: 2 });
  },
);

testOnScreen(
  "F16 an upload shows its progress and its digest is compared with the file here",
  {},
  async ({ page, server, origin }) => {
    await openIncident(page, origin, "exhibits");
    const bytes = Buffer.from("a photo of the exit");
    server.uploadSha256 = createHash("sha256").update(bytes).digest("hex");
    await page.getByLabel("Add files").setInputFiles({ name: "exit.jpg", mimeType: "image/jpeg", buffer: bytes });
    await page.getByText("same as the file on this device").waitFor();
    server.uploadSha256 = "00".repeat(32);
    await page.getByLabel("Add files").setInputFiles({ name: "other.jpg", mimeType: "image/jpeg", buffer: bytes });
    await page.getByText("differs from the file on this device").waitFor();
  },
);

testOnScreen(
  "I24 a packet is built, announced by the live feed, and downloaded",
  {},
  async ({ page, server, origin }) => {
    await openIncident(page, origin, "packet");
    await page.getByRole("button", { name: "Build a packet" }).click();
    await page.getByText("Building: gathers, seals, signs").waitFor();
    server.packetReady(incidentId(1));
    const link = page.getByRole("link", { name: "Download packet" });
    await link.waitFor();
    assert.match((await link.getAttribute("href")) ?? "", /^\/api\/v1\/packets\/3{8}-/);
    assert.equal(await link.getAttribute("download"), "TW-2026-000123-packet.zip");
    await page.getByText("tillwatch-verify TW-2026-000123-packet.zip").waitFor();
  },
);

testOnScreen("F19 what is missing says how to get it", { screen: "phone" }, async ({ page, origin }) => {
  await openIncident(page, origin, "work");
  await page.getByText("50 % complete").waitFor();
  await page.getByText("Bookmark two minutes before and after").waitFor();
});

testOnScreen("F08 nothing jumps when the incident arrives late", {}, async ({ page, server, origin }) => {
  const shifted = await watchShifts(page);
  server.delayMs = 400;
  await openIncident(page, origin);
  await page.waitForTimeout(300);
  assert.ok((await shifted()) < 0.05, `layout shift of ${await shifted()}`);
});

testOnScreen("F02 an incident that does not exist says so", {}, async ({ page, origin }) => {
  await page.goto(`${origin}/incidents/${incidentId(999)}`);
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").innerText(), /not_found/);
});
