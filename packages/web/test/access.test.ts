import assert from "node:assert/strict";
import { testOnScreen } from "./on-screen.ts";

testOnScreen("N10 a key is shown once, and revoked only with a reason", {}, async ({ page, server, origin }) => {
  await page.goto(`${origin}/access`);
  await page.getByRole("button", { name: "Identity provider" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Make a key" }).click();
  await dialog.getByText("twk_abcdefghijkl").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Identity provider" }).click();
  await dialog.getByRole("button", { name: "Make a key" }).waitFor();
  assert.equal(await dialog.getByText("twk_").count(), 0);
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Wall screen" }).click();
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await dialog.getByText("A reason is needed").waitFor();
  await dialog.getByLabel("Because").fill("Left on a bus");
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await dialog.getByText("k7q2m3xw4r5t").waitFor();
  assert.deepEqual(server.posted.at(-1), {
    path: "/api/v1/api-keys/k7q2m3xw4r5t/revoke",
    body: { because: "Left on a bus" },
    idempotencyKey: null,
  });
});

testOnScreen(
  "N11 a line of the review is decided with a reason, what is unused stands first",
  {},
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/access?tab=review`);
    await page.getByText("Overdue").waitFor();
    const rows = page.getByRole("table", { name: "Access in 2026-Q4" }).getByRole("row");
    assert.match((await rows.allInnerTexts())[1] ?? "", /remove[^]*Bob Stone/);
    await page.getByRole("button", { name: "Remove Bob Stone" }).click();
    await page.getByRole("dialog").getByLabel("Because").fill("Left in summer");
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await page.getByText("Left in summer").waitFor();
    assert.deepEqual(server.posted.at(-1)?.body, { decision: "remove", because: "Left in summer" });
  },
);

testOnScreen("N12 a vendor is let in by somebody with a reason", {}, async ({ page, server, origin }) => {
  await page.goto(`${origin}/access?tab=vendors`);
  await page.getByRole("button", { name: "Let in" }).click();
  await page.getByRole("dialog").getByLabel("Because").fill("Agreed with the till team");
  await page.getByRole("dialog").getByRole("button", { name: "Let in" }).click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.equal(server.posted.at(-1)?.path, "/api/v1/vendor-access/00000000-0000-4000-8000-0000000000a1/approve");
});

testOnScreen(
  "N12 a vendor is asked for with a ticket, an end and named actions; whoever asked does not let them in",
  {},
  async ({ page, server, origin }) => {
    await page.goto(`${origin}/access?tab=vendors`);
    await page.getByRole("button", { name: "Let a vendor in" }).click();
    const dialog = page.getByRole("dialog");
    const ask = dialog.getByRole("button", { name: "Ask" });
    await dialog.getByLabel("Token of the vendor's person").fill("Pat");
    await dialog.getByText("A token begins with user:").waitFor();
    await dialog.getByLabel("Token of the vendor's person").fill("user:00000000-0000-4000-8000-00000000000c");
    await dialog.getByLabel("Ticket").fill("T-5001");
    await dialog.getByLabel("What for").fill("New till software");
    await dialog.getByLabel("For how long, from now").selectOption({ label: "8 hours" });
    await dialog.getByLabel("As", { exact: true }).selectOption({ label: "Auditor" });
    assert.ok(await ask.isDisabled(), "nothing ticked");
    await dialog.getByLabel("Searches the record and fetches proofs").check();
    await ask.click();
    await page.getByText("Asked for T-5001. Somebody else lets them in.").waitFor();
    const row = page.getByRole("row").filter({ hasText: "T-5001" });
    await row.getByText("Another person lets them in").waitFor();
    assert.equal(await row.getByRole("button", { name: "Let in" }).count(), 0);
    const posted = server.posted.at(-1)?.body as Readonly<Record<string, string>>;
    const { startsAt = "", endsAt = "", ...rest } = posted;
    assert.equal(Date.parse(endsAt) - Date.parse(startsAt), 8 * 3_600_000);
    assert.deepEqual(rest, {
      accountToken: "user:00000000-0000-4000-8000-00000000000c",
      ticket: "T-5001",
      purpose: "New till software",
      roles: ["auditor"],
      scopes: ["audit:read"],
    });
    await row.getByRole("button", { name: "Refuse" }).click();
    await dialog.getByLabel("Because").fill("The wrong person");
    await dialog.getByRole("button", { name: "End it" }).click();
    await dialog.waitFor({ state: "hidden" });
    assert.match(server.posted.at(-1)?.path ?? "", /vendor-access\/.+\/end$/);
  },
);

testOnScreen(
  "N12 an auditor sees programs and vendors and is offered nothing to do",
  {},
  async ({ page, server, origin }) => {
    server.grants.may = ["service:read", "vendor:read", "review:read"];
    await page.goto(`${origin}/access`);
    await page.getByRole("button", { name: "Wall screen" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "New program" }).count(), 0);
    await page.getByRole("tab", { name: "Vendors" }).click();
    await page.getByText("T-4711").waitFor();
    for (const name of ["Let in", "Refuse", "Let a vendor in"]) {
      assert.equal(await page.getByRole("button", { name }).count(), 0, name);
    }
  },
);
