import assert from "node:assert/strict";
import { webhookSecret } from "./fixture-webhooks.ts";
import { testOnScreen } from "./on-screen.ts";

testOnScreen("B08 each attempt and the next are shown, a dead letter is sent again", {}, async (scene) => {
  const { page, server, origin } = scene;
  await page.goto(`${origin}/access?tab=webhooks`);
  const messages = page.getByRole("list", { name: "Messages" });
  const [dead, waiting] = [messages.getByRole("listitem").first(), page.locator("li", { hasText: "incident.changed" })];
  await dead.getByText("Dead letter").waitFor();
  await waiting.last().getByText("2 attempts, 1 to come").click();
  const attempts = await waiting.last().getByRole("list", { name: "Attempts" }).getByRole("listitem").allInnerTexts();
  assert.equal(attempts.length, 3);
  assert.match(attempts[0] ?? "", /503 in 7 ms · webhook_status_refused/);
  assert.match(attempts[2] ?? "", /planned/);
  await page.getByLabel("State of the messages").selectOption("dead");
  await dead.getByRole("button", { name: "Send again" }).click();
  await page.getByText("No message").waitFor();
  assert.deepEqual(
    server.posted.map(({ path }) => path),
    ["/api/v1/webhooks/deliveries/d-1/redrive"],
  );
});

testOnScreen(
  "B08 a receiver that was gone is enabled, a secret is shown once, removing asks first",
  {},
  async (scene) => {
    const { page, server, origin } = scene;
    await page.goto(`${origin}/access?tab=webhooks`);
    const endpoint = page.getByRole("list", { name: "Webhooks" }).getByRole("listitem");
    await endpoint.getByText("Endpoint gone").waitFor();
    await endpoint.getByRole("button", { name: "Enable" }).click();
    await endpoint.getByRole("button", { name: "Test" }).click();
    await page.getByText("A test message is on its way.").waitFor();
    await page.getByRole("button", { name: "New webhook" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Address").fill("https://desk.example/other");
    await dialog.getByRole("button", { name: "Add it" }).click();
    await dialog.getByText(webhookSecret).waitFor();
    await dialog.getByRole("button", { name: "I have it" }).click();
    assert.equal(await page.getByText(webhookSecret).count(), 0);
    await endpoint.getByRole("button", { name: "Remove" }).click();
    await dialog.getByText("It is told nothing more").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    assert.deepEqual(
      server.posted.map(({ path, body }) => [path.replace(/.*\/webhooks/, ""), body]),
      [
        ["/00000000-0000-4000-8000-0000000000e1/enable", {}],
        ["/00000000-0000-4000-8000-0000000000e1/test", {}],
        ["", { url: "https://desk.example/other" }],
      ],
    );
  },
);
