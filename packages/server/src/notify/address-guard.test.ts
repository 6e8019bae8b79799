import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isPublicAddress, parseEndpointUrl } from "./address-guard.ts";

const inside = [
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "127.0.0.1",
  "127.255.255.254",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.8",
  "192.168.1.1",
  "198.19.0.1",
  "203.0.113.7",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "64:ff9b::7f00:1",
  "100::1",
  "2001:db8::1",
  "2001::7f00:1",
  "2002:7f00:1::",
  "fc00::1",
  "fd12:3456::1",
  "fe80::1",
  "fe80::1%eth0",
  "ff02::1",
  "1.2.3",
  "256.1.1.1",
  "1::2::3",
  "not an address",
];
for (const address of inside) {
  test(`B08 no webhook goes to ${address}`, () => assert.equal(isPublicAddress(address), false));
}

const outside = ["1.1.1.1", "9.255.255.255", "100.128.0.1", "172.32.0.1", "192.167.0.1", "223.255.255.255"];
for (const address of [...outside, "2606:4700:4700::1111", "2a00:1450:4001:82a::200e"]) {
  test(`B08 a webhook may go to ${address}`, () => assert.equal(isPublicAddress(address), true));
}

const urls: readonly { readonly url: string; readonly code: string | null }[] = [
  { url: "https://receiver.example/hook?shop=1", code: null },
  { url: "http://93.184.216.34:8080/", code: null },
  { url: "https://127.0.0.1/", code: "webhook_address_refused" },
  { url: "https://2130706433/", code: "webhook_address_refused" },
  { url: "https://0x7f.1/", code: "webhook_address_refused" },
  { url: "https://0177.0.0.1/", code: "webhook_address_refused" },
  { url: "https://[::1]/", code: "webhook_address_refused" },
  { url: "https://[::ffff:10.0.0.1]/", code: "webhook_address_refused" },
  { url: "ftp://receiver.example/", code: "webhook_url_scheme_refused" },
  { url: "file:///etc/passwd", code: "webhook_url_scheme_refused" },
  { url: "https://user:secret@receiver.example/", code: "webhook_url_malformed" },
  { url: "https://receiver.example/#part", code: "webhook_url_malformed" },
  { url: `https://receiver.example/${"x".repeat(2_000)}`, code: "webhook_url_malformed" },
  { url: "not a url", code: "webhook_url_malformed" },
  { url: "", code: "webhook_url_malformed" },
];
for (const { url, code } of urls) {
  test(`B08 endpoint ${url.slice(0, 60)} is ${code ?? "taken"}`, () => {
    const parsed = parseEndpointUrl(url, false);
    assert.equal(parsed.ok ? null : parsed.error.code, code);
  });
}

test("B08 addresses inside one's own network are taken where the configuration allows them, other schemes never", () => {
  assert.ok(parseEndpointUrl("http://127.0.0.1:9000/", true).ok);
  assert.ok(!parseEndpointUrl("ftp://127.0.0.1/", true).ok);
});

test("B08 whatever is written as an address, the guard answers and never throws", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), (text) => typeof isPublicAddress(text) === "boolean"),
  );
});
