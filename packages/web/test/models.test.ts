import assert from "node:assert/strict";
import { testOnScreen } from "./on-screen.ts";

testOnScreen(
  "C18 C13 who may turns a model off with a reason, and every page says so until it is on again",
  {},
  async ({ page, origin, server }) => {
    server.models.drifted = true;
    await page.goto(`${origin}/models`);
    await page.getByText("sees what it was not trained on: tags at the exits within 2 min").waitFor();
    await page.getByRole("button", { name: "Turn off" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Turn off" }).click();
    await dialog.getByText("A reason is needed").waitFor();
    assert.equal(server.models.on, true, "without a reason nothing is sent");
    await dialog.getByLabel("Because").fill("School classes come in all week.");
    await dialog.getByRole("button", { name: "Turn off" }).click();
    await page.getByText("The model site-windows is turned off. Rules go on").waitFor();
    assert.deepEqual(server.posted.at(-1)?.body, { on: false, because: "School classes come in all week." });
    await page.goto(`${origin}/sources`);
    await page.getByText("The model site-windows is turned off").waitFor();
    await page.goto(`${origin}/models`);
    await page.getByRole("button", { name: "Turn on" }).click();
    await page.getByRole("dialog").getByLabel("Because").fill("The week is over.");
    await page.getByRole("dialog").getByRole("button", { name: "Turn on" }).click();
    await page.getByText("The model is on again.").waitFor();
  },
);

testOnScreen("C18 who may not turn it off reads the card and finds no switch", {}, async ({ page, origin, server }) => {
  server.grants.may = ["action:read", "rule:read"];
  await page.goto(`${origin}/models`);
  await page.getByText("by nobody").waitFor();
  assert.equal(await page.getByRole("button", { name: "Turn off" }).count(), 0);
});
