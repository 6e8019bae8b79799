import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { acceptedText, draftId, FixtureDrafts } from "./fixture-drafts.ts";
import { incidentId } from "./fixture-world.ts";
import { testOnScreen } from "./on-screen.ts";

const dialog = (page: Page) => page.getByRole("dialog");
const work = `/incidents/${incidentId(1)}?tab=work`;
const own = `/api/v1/incidents/${incidentId(1)}/drafts/${draftId(1)}`;

testOnScreen(
  "O12 a draft is marked as a program's, put right by a person, and accepted in his name",
  {},
  async ({ page, server, origin }) => {
    const drafts = new FixtureDrafts();
    server.grants.drafts = drafts;
    await page.goto(origin + work);
    const card = page.locator("section", { has: page.getByRole("heading", { name: "Drafts by programs" }) });
    await card.getByText("1 to review").waitFor();
    await card.getByText("Not yet accepted by a person").waitFor();
    await card.getByText("Written by a program: example-writer 2026-10-01 (Example Models)").first().waitFor();
    await card.getByRole("button", { name: "Review the draft for a note in the timeline" }).click();
    await dialog(page).getByText("Not yet accepted by a person").waitFor();
    await dialog(page).getByRole("link").first().waitFor();
    const text = dialog(page).getByLabel("Text for a note in the timeline");
    const accept = dialog(page).getByRole("button", { name: "Accept as a note" });
    assert.ok(await accept.isEnabled());
    await text.fill("One person left by the north exit with three tagged bottles.");
    assert.ok(await accept.isDisabled(), "nobody accepts what was not saved");
    await dialog(page).getByText("Save your edit first").waitFor();
    await dialog(page).getByRole("button", { name: "Save my edit" }).click();
    await dialog(page).getByRole("heading", { name: "What people changed in the program's text" }).waitFor();
    const removed = dialog(page).locator("del", { hasText: "two" });
    assert.match(await removed.innerText(), /taken out:/i, "said, and not only shown");
    assert.match(await removed.evaluate((element) => getComputedStyle(element).textDecorationLine), /line-through/);
    const added = dialog(page).locator("ins", { hasText: "three" });
    assert.match(await added.evaluate((element) => getComputedStyle(element).textDecorationLine), /underline/);
    await accept.click();
    await page.getByText("Accepted in your name: a note in the timeline.").waitFor();
    const sent = server.posted.filter(({ path }) => path.startsWith(own)).map(({ path, body }) => [path, body]);
    assert.deepEqual(sent, [
      [`${own}/revisions`, { revision: 0, text: "One person left by the north exit with three tagged bottles." }],
      [`${own}/accept`, { revision: 1 }],
    ]);
    await card.getByText("1 to review").waitFor({ state: "detached" });
  },
);

testOnScreen(
  "O12 a draft that somebody else edited meanwhile is not accepted, and is refused with a reason",
  {},
  async ({ page, server, origin }) => {
    const drafts = new FixtureDrafts();
    drafts.overtaken = true;
    server.grants.drafts = drafts;
    await page.goto(origin + work);
    await page.getByRole("button", { name: "Review the draft" }).click();
    const text = dialog(page).getByLabel("Text for a note");
    await text.fill("My own version of it.");
    await dialog(page).getByRole("button", { name: "Save my edit" }).click();
    await dialog(page).getByText("it was edited meanwhile").waitFor();
    await dialog(page).getByText("Somebody else wrote this.").first().waitFor();
    assert.equal(await text.inputValue(), "My own version of it.", "what was typed is not lost");
    assert.ok(await dialog(page).getByRole("button", { name: "Accept as a note" }).isDisabled());
    await dialog(page).getByRole("button", { name: "Go on with theirs" }).click();
    assert.equal(await text.inputValue(), "Somebody else wrote this.");
    await dialog(page).getByRole("button", { name: "Refuse", exact: true }).click();
    const refuse = dialog(page).getByRole("button", { name: "Refuse it" });
    assert.ok(await refuse.isDisabled(), "not without a reason");
    await dialog(page).getByLabel("Why it is refused").fill("Nobody left by that exit.");
    await refuse.click();
    await page.getByText("The draft is put away.").waitFor();
    assert.deepEqual(server.posted.at(-1)?.body, { revision: 1, because: "Nobody left by that exit." });
    await page.getByText("Refused", { exact: true }).waitFor();
  },
);

testOnScreen(
  "O12 an accepted note says where it comes from, and shows what was changed; without the right there is no way to it",
  {},
  async ({ page, server, origin }) => {
    server.grants.drafts = new FixtureDrafts();
    await page.goto(`${origin}/incidents/${incidentId(1)}?tab=timeline`);
    const line = page.getByRole("listitem").filter({ hasText: acceptedText });
    await line
      .getByText(/Drafted by example-writer 2026-10-01; edited by user:.*: 1 of 10 words taken out, 1 added/)
      .waitFor();
    await line.getByRole("button", { name: "What was changed" }).click();
    await dialog(page).locator("ins", { hasText: "three" }).waitFor();
    await page.keyboard.press("Escape");

    server.grants.mayWith.set(incidentId(1), ["incident:read", "incident:open", "incident:note"]);
    await page.goto(origin + work);
    await page.getByLabel("New note").waitFor();
    assert.equal(await page.getByText("Drafts by programs").count(), 0);
    await page.goto(`${origin}/incidents/${incidentId(1)}?tab=timeline`);
    await line.getByText(/Drafted by example-writer/).waitFor();
    assert.equal(await page.getByRole("button", { name: "What was changed" }).count(), 0);
    // Who reads and does not decide gets the text to read.
    server.grants.mayWith.set(incidentId(1), ["incident:read", "incident:open", "draft:read"]);
    await page.goto(origin + work);
    await page.getByRole("button", { name: "Review the draft" }).click();
    await dialog(page).getByText("The gate alarmed and nobody stopped them.").waitFor();
    assert.equal(await dialog(page).getByRole("textbox").count(), 0);
    // A case without drafts has no card.
    server.grants.mayWith.clear();
    await page.goto(`${origin}/incidents/${incidentId(2)}?tab=work`);
    await page.getByLabel("New note").waitFor();
    assert.equal(await page.getByText("Drafts by programs").count(), 0);
  },
);
