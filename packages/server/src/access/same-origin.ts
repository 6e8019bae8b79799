type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Whether a browser says that a request comes from a page of this very server: `Sec-Fetch-Site: same-origin`, or an `Origin`
 * whose host is the `Host` asked. A request that says neither is refused: every current browser sends one of them with a write.
 */
export function sameOrigin(headers: Headers): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin";
  const origin = headers["origin"];
  if (typeof origin !== "string" || !URL.canParse(origin)) return false;
  return new URL(origin).host === headers["host"];
}

/** Whether a browser says that another site's page sent this. */
export function crossSite(headers: Headers): boolean {
  const tells = headers["sec-fetch-site"] !== undefined || headers["origin"] !== undefined;
  return tells && headers["sec-fetch-site"] !== "none" && !sameOrigin(headers);
}
