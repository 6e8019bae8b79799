/**
 * Sent with every answer. Scripts come from this server's own files only, none inline; styles may be inline because chart and
 * dialog libraries write style elements. Nothing may frame us, and a referrer never tells an incident's address.
 */
const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(self), geolocation=(self), microphone=()",
};

const yearSeconds = 31_536_000;

/**
 * Over https the browser is told to stay there. What is no page or asset of the web application is never kept in a cache, unless its
 * route says otherwise: it may be about people.
 */
export function headersFor(request: { readonly protocol: string; readonly url: string }): Record<string, string> {
  return {
    ...securityHeaders,
    ...(request.protocol === "https"
      ? { "strict-transport-security": `max-age=${yearSeconds}; includeSubDomains` }
      : {}),
    ...(/^\/(?:api|scim|metrics|\.well-known)\b/.test(request.url) ? { "cache-control": "no-store" } : {}),
  };
}
