/**
 * Severity in words of people: two decimals, or three near the ends, where the second says nothing. Rounded, but never across the
 * threshold and never to certainty: 0.8996 must not read as 0.90, nor 0.9998 as 1.
 */
export function severityText(severity: number): string {
  const digits = (severity >= 0.99 && severity < 1) || (severity > 0 && severity < 0.1) ? 3 : 2;
  const text = severity.toFixed(digits);
  if (severity < 0.9 && Number(text) >= 0.9) return "0.899";
  return severity < 1 && Number(text) >= 1 ? "0.999" : text;
}
