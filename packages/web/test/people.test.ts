import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { browserMissing, builtPage, openBrowser } from "./browser.ts";
import { startRealServer, type RealServer } from "./real-server.ts";

/** Gives the page's browser an authenticator that answers by itself, as a laptop whose owner touches the sensor. */
async function withAuthenticator(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

/** RFC 6238, as an authenticator app computes it. */
function codeOf(secret: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = secret.split("").map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0"));
  const bytes = (bits.join("").match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", Buffer.from(bytes)).update(counter).digest();
  const number = mac.readUInt32BE((mac.at(-1) ?? 0) & 15) & 0x7fff_ffff;
  return String(number % 1_000_000).padStart(6, "0");
}

type House = { readonly server: RealServer; readonly open: () => Promise<Page> };

/** The real server, and browsers each with a profile of its own. Fails where a page threw or ran into its security policy. */
function testWithServer(name: string, run: (house: House) => Promise<void>): void {
  void test(name, { skip: browserMissing(), timeout: 240_000 }, async () => {
    await builtPage();
    const server = await startRealServer();
    const browsers: Awaited<ReturnType<typeof openBrowser>>[] = [];
    const open = async () => {
      const browser = await openBrowser();
      browsers.push(browser);
      browser.page.setDefaultTimeout(20_000);
      await withAuthenticator(browser.page);
      return browser.page;
    };
    try {
      await run({ server, open });
      for (const { faults } of browsers) assert.deepEqual(faults, []);
    } finally {
      for (const { close } of browsers) await close();
      await server.close();
    }
  });
}

async function setUpAdministrator({ server, open }: House): Promise<Page> {
  const page = await open();
  await page.goto(server.setUpLink);
  await page.getByRole("button", { name: "Passkey on this device" }).click();
  await page.getByText("Your name, as colleagues know you.").waitFor();
  await page.getByLabel("Your name").fill("Mara Ilves");
  await page.getByLabel("Login").fill("mara@example.org");
  await page.getByRole("button", { name: "Passkey on this device" }).click();
  await page.getByRole("link", { name: "My account" }).first().waitFor();
  return page;
}

async function invite(page: Page, origin: string, role: string): Promise<string> {
  await page.goto(`${origin}/people`);
  await page.getByRole("button", { name: "Invite" }).click();
  const dialog = page.getByRole("dialog", { name: "Invite a person" });
  await dialog.getByLabel("Name").fill("Joost de Wit");
  await dialog.getByLabel("Login").fill("joost");
  await dialog.getByLabel(role).check();
  await dialog.getByRole("button", { name: "Make the link" }).click();
  const link = await dialog.getByLabel("One-time link", { exact: true }).innerText();
  await dialog.getByRole("button", { name: "Done" }).click();
  return link.trim();
}

testWithServer("N05 the first administrator sets up a passkey, signs out, and signs in with it", async (house) => {
  const page = await setUpAdministrator(house);
  await page.getByRole("link", { name: "People", exact: true }).waitFor();
  await page.getByRole("link", { name: "My account" }).first().click();
  await page.getByRole("button", { name: "Remove My first passkey" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).first().click();
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByRole("link", { name: "My account" }).first().waitFor();
  await page.goto(house.server.setUpLink);
  await page.reload();
  await page.getByText("was used, or has expired").waitFor();
});

testWithServer(
  "N05 N06 a store manager sets up password and app; suspended, both open tabs end within seconds",
  async (house) => {
    const { server, open } = house;
    const administrator = await setUpAdministrator(house);
    const link = await invite(administrator, server.origin, "Store manager");
    const tab = await open();
    await tab.goto(link);
    await tab.getByRole("button", { name: "Password and authenticator app" }).click();
    const secret = (await tab.getByLabel("Secret for the authenticator app", { exact: true }).innerText()).trim();
    await tab.getByLabel("New password").fill("sunshine2026");
    await tab.getByLabel("The code that the app shows now").fill(codeOf(secret));
    await tab.getByRole("button", { name: "Set up and sign in" }).click();
    await tab.getByText("among the first that a guesser tries").waitFor();
    await tab.getByLabel("New password").fill("the heron waits by the weir");
    await tab.getByLabel("The code that the app shows now").fill(codeOf(secret));
    await tab.getByRole("button", { name: "Set up and sign in" }).click();
    await tab.getByRole("button", { name: "I have kept them" }).click();
    await tab.getByRole("link", { name: "My account" }).first().waitFor();
    assert.equal(await tab.getByRole("link", { name: "People" }).count(), 0);
    const second = await tab.context().newPage();
    await second.goto(`${server.origin}/account`);
    await second.getByText("Where you are signed in").waitFor();

    await administrator.goto(`${server.origin}/people`);
    await administrator.getByRole("button", { name: "Joost de Wit" }).click();
    await administrator.getByLabel("Why").selectOption("misuse_suspected");
    await administrator.getByRole("button", { name: "Suspend", exact: true }).click();
    for (const page of [tab, second]) {
      await page.getByText("Your account was suspended.").waitFor({ timeout: 10_000 });
      assert.match(page.url(), /\/sign-in/);
    }
    await second.goto(`${server.origin}/account`);
    await second.getByText("Your account was suspended.").waitFor();
  },
);

testWithServer("N05 a fresh proof is asked for in a dialog, and the request goes on by itself", async (house) => {
  const page = await setUpAdministrator(house);
  let refusals = 0;
  await page.route("**/api/v1/accounts", async (route) => {
    if (route.request().method() !== "POST" || refusals > 0) return route.continue();
    refusals += 1;
    const body = {
      code: "step_up_required",
      detail: "a fresh proof is needed",
      status: 403,
      title: "Forbidden",
      type: "",
    };
    return route.fulfill({ status: 403, contentType: "application/problem+json", body: JSON.stringify(body) });
  });
  await page.goto(`${house.server.origin}/people`);
  await page.getByRole("button", { name: "Invite" }).click();
  const dialog = page.getByRole("dialog", { name: "Invite a person" });
  await dialog.getByLabel("Name").fill("Joost de Wit");
  await dialog.getByLabel("Login").fill("joost");
  await dialog.getByLabel("Guard").check();
  await dialog.getByRole("button", { name: "Make the link" }).click();
  await page
    .getByRole("dialog", { name: "Prove that it is you" })
    .getByRole("button", { name: "Use my passkey" })
    .click();
  await dialog.getByLabel("One-time link", { exact: true }).waitFor();
  assert.equal(refusals, 1);
});

testWithServer(
  "N05 at an IP address the page says why there are no passkeys, and where there are",
  async ({ server, open }) => {
    const page = await open();
    await page.goto(`${server.origin.replace("localhost", "127.0.0.1")}/sign-in`);
    await page.getByText(`Passkeys belong to the address ${server.origin}`).waitFor();
    await page.getByLabel("Password").waitFor();
    await page.getByRole("link", { name: "Go there" }).click();
    await page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
    await page.getByRole("button", { name: "Access token" }).click();
    await page.getByLabel("Access token").fill(server.token);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("link", { name: "My account" }).first().click();
    await page.getByText("A token has no account to keep").waitFor();
  },
);
