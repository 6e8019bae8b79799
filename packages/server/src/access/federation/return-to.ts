const lengthMax = 500;

/** Where a browser goes after signing in: a path of our own pages, or the start. Anything that could lead elsewhere is the start. */
export function returnPath(asked: string | undefined): string {
  if (asked === undefined || asked.length > lengthMax || !asked.startsWith("/")) return "/";
  const here = "https://here.invalid";
  // As browsers read it: two slashes, a backslash or a tab between them would make the rest a host.
  if (!URL.canParse(asked, here)) return "/";
  const url = new URL(asked, here);
  return url.origin === here ? `${url.pathname}${url.search}${url.hash}` : "/";
}
