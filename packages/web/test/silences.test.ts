import assert from "node:assert/strict";
import { cameraSilence, gateSilence } from "./fixture-silences.ts";
import { incidentId } from "./fixture-world.ts";
import { testOnScreen } from "./on-screen.ts";

testOnScreen(
  "E17 a silence begun at a rule is sent with place, end and reason, and nothing before it has them",
  {},
  async ({ page, origin, server }) => {
    await page.goto(`${origin}/silences/new?rule=f37fc7ed-9e7e-4ef0-b63f-5aa2c5097cbe`);
    const send = page.getByRole("button", { name: "Silence it" });
    await send.click();
    await page.getByText("Say when it ends.").waitFor();
    await page.getByText("A reason is needed").waitFor();
    const topOf = async (label: string) => (await page.getByLabel(label, { exact: true }).boundingBox())?.y;
    assert.equal(await topOf("For"), await topOf("From (empty: now)"), "an error beside it moves no field");
    const lengths = await page.getByLabel("For", { exact: true }).locator("option").allTextContents();
    assert.ok(!lengths.includes("30 days"), "a rule at every shop is wide");
    await page.getByLabel("Shop").selectOption("S-1001");
    await page.getByLabel("For", { exact: true }).selectOption({ label: "30 days" });
    await page.getByLabel("Shop").selectOption("");
    await page.getByText("At most 3 days for this").waitFor();
    await page.getByLabel("Shop").selectOption("S-1001");
    await page.getByLabel("For", { exact: true }).selectOption("4");
    assert.equal(server.posted.length, 0);
    await page.getByLabel("Because").fill("The gate is being mended.");
    await page.getByText("nobody is told of").waitFor();
    await page.getByLabel("Rule", { exact: true }).selectOption("");
    await page.getByText("nobody is told of what is found at").waitFor();
    await page.getByText("Violence, weapons, alarms and what people report are told all the same.").waitFor();
    await page.getByLabel("Rule", { exact: true }).selectOption("f37fc7ed-9e7e-4ef0-b63f-5aa2c5097cbe");
    await send.click();
    await page.waitForURL(`**/silences/${gateSilence}`);
    const sent = server.posted.find(({ path }) => path === "/api/v1/silences")?.body as Record<string, unknown>;
    const { endsAt, ...rest } = sent;
    assert.deepEqual(rest, {
      ruleId: "f37fc7ed-9e7e-4ef0-b63f-5aa2c5097cbe",
      siteId: "S-1001",
      zoneId: null,
      deviceId: null,
      level: 1,
      startsAt: null,
      because: "The gate is being mended.",
    });
    const inHours = (Date.parse(String(endsAt)) - Date.now()) / 3_600_000;
    assert.ok(inHours > 3.9 && inHours <= 4, String(endsAt));
  },
);

testOnScreen(
  "E17 what a silence held back leads to its cases; it is signed by another person, and ended with a reason",
  {},
  async ({ page, origin, server }) => {
    await page.goto(`${origin}/silences/${gateSilence}`);
    const held = page.getByRole("link", { name: "TW-2026-000091" }).filter({ visible: true });
    assert.equal(await held.getAttribute("href"), `/incidents/${incidentId(1)}`);
    assert.equal(
      await page.getByRole("button", { name: "Sign", exact: true }).count(),
      0,
      "level 1 takes no second person",
    );
    await page.goto(`${origin}/silences/${cameraSilence}`);
    const act = async (name: string) => {
      await page.getByRole("button", { name, exact: true }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByText("It stays on the record as yours.").waitFor();
      await dialog.getByLabel("Because").fill("I saw him.");
      await dialog.locator("button[type=submit]").click();
    };
    await act("Sign");
    await page.getByText("The electrician is here, I saw him.").waitFor();
    assert.equal(await page.getByRole("button", { name: "Sign", exact: true }).count(), 0);
    await act("End it now");
    await page.getByText("The silence is over.").waitFor();
    assert.deepEqual(
      server.posted.map(({ path, body }) => [path, body]),
      [
        [`/api/v1/silences/${cameraSilence}/sign`, { because: "I saw him." }],
        [`/api/v1/silences/${cameraSilence}/end`, { because: "I saw him." }],
      ],
    );
  },
);

testOnScreen(
  "E17 who only sees silences is offered nothing that he may not do, and no silence is offered of what is never silenced",
  {},
  async ({ page, origin, server }) => {
    await page.goto(`${origin}/incidents/${incidentId(1)}`);
    await page.getByText("What the rules saw").waitFor();
    assert.equal(await page.getByRole("link", { name: "Silence this here" }).count(), 0, "level 3");
    await page.goto(`${origin}/incidents/${incidentId(22)}`);
    await page.getByText("A silence keeps this on the watch list").waitFor();
    await page.getByText("Should it be work all the same: “Open as incident”.").waitFor();
    await page.getByRole("button", { name: "Open as incident" }).waitFor();
    await page.getByRole("link", { name: "Silence this here" }).first().waitFor();
    const may = ["silence:read", "site:list", "incident:list"];
    server.grants.may = may;
    await page.goto(`${origin}/silences`);
    await page.getByText("Stocktaking through the night").waitFor();
    assert.equal(await page.getByRole("link", { name: "New silence" }).count(), 0);
    await page.goto(`${origin}/silences/${gateSilence}`);
    await page.getByText("would have opened").filter({ visible: true }).first().waitFor();
    assert.equal(await page.getByRole("button", { name: "End it now" }).count(), 0);
    await page.goto(`${origin}/incidents/${incidentId(22)}`);
    await page.getByText("What the rules saw").waitFor();
    await page.getByText("ask somebody who may open it: a manager of the shop or an investigator.").waitFor();
    assert.equal(await page.getByRole("button", { name: "Open as incident" }).count(), 0);
    assert.equal(await page.getByRole("link", { name: "Silence this here" }).count(), 0);
  },
);

testOnScreen(
  "E04 what ranks lower after dismissals is listed with how often, and turned off with a reason",
  {},
  async ({ page, origin, server }) => {
    await page.goto(`${origin}/silences`);
    await page.getByText("counts 44 % less").waitFor();
    await page.getByText("dismissed 6 of 7 times").waitFor();
    await page.getByRole("button", { name: "Turn off" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Because").fill("The gates are new.");
    await dialog.locator("button[type=submit]").click();
    await page.getByText("Anna Albers turned it off").waitFor();
    const [sent] = server.posted;
    assert.deepEqual(
      [sent?.path, sent?.body],
      ["/api/v1/dismissals/switch", { on: false, because: "The gates are new." }],
    );
    server.grants.may = ["silence:read", "site:list", "incident:list"];
    await page.goto(`${origin}/silences`);
    await page.getByText("turned it off").waitFor();
    assert.equal(await page.getByRole("button", { name: "Turn on" }).count(), 0);
  },
);
