import assert from "node:assert/strict";
import { testOnScreen } from "./on-screen.ts";

testOnScreen("A20 who was refused stands first, and a site shows its own devices", {}, async ({ page, origin }) => {
  await page.goto(`${origin}/devices`);
  const rows = page.getByRole("table", { name: "Devices" }).getByRole("row");
  await rows.nth(1).waitFor();
  const texts = await rows.allInnerTexts();
  assert.match(texts[1] ?? "", /Enrolled[^]*Entrance camera[^]*1,204/);
  assert.match(texts[2] ?? "", /Ends soon[^]*Till 1/);
  await page.getByLabel("Site").selectOption("S-1002");
  await rows.filter({ hasText: "Panic button" }).waitFor();
  assert.equal(await rows.count(), 4);
});

testOnScreen(
  "A20 a code is shown once, and gone when the device is opened again",
  {},
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/devices`);
    await page.getByRole("link", { name: "Spirits camera" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Being replaced, until").waitFor();
    await dialog.getByText("stolen with the till").waitFor();
    await dialog.getByRole("button", { name: "Make a code" }).click();
    await dialog.getByText("K7Q2M-0XW4R-9T3BC-H5ZJA").waitFor();
    assert.deepEqual(
      server.posted.map(({ path }) => path),
      ["/api/v1/sites/S-1001/devices/C-01/enrolments"],
    );
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.getByRole("link", { name: "Spirits camera" }).click();
    await dialog.getByText("Being replaced, until").waitFor();
    assert.equal(await dialog.getByText("K7Q2M").count(), 0);
  },
);

testOnScreen("A20 a device is revoked only with a reason", {}, async ({ page, server, origin }) => {
  await page.goto(`${origin}/devices?device=S-1001%2FT-01`);
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await dialog.getByText("A reason is needed").waitFor();
  assert.equal(server.posted.length, 0);
  await dialog.getByLabel("Because").fill("Stolen at night");
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await page.getByText("Till 1 is revoked").waitFor();
  assert.deepEqual(server.posted[0], {
    path: "/api/v1/sites/S-1001/devices/T-01/revocations",
    body: { because: "Stolen at night" },
    idempotencyKey: null,
  });
});

testOnScreen(
  "A20 M18 on a phone the pages of trust are behind one page",
  { screen: "phone" },
  async ({ page, origin }) => {
    await page.goto(origin);
    await page
      .getByRole("navigation", { name: "Pages" })
      .filter({ visible: true })
      .getByRole("link", { name: "Trust" })
      .click();
    await page
      .getByRole("main")
      .getByRole("link", { name: /Devices/ })
      .click();
    await page.getByText("1,204 refused attempts").filter({ visible: true }).waitFor();
  },
);
