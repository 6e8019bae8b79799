import type { JsonValue } from "@tillwatch/wire";
import { refused } from "@tillwatch/wire";

/** Why one row was not taken. Every code stands in docs/errors/signal.md. */
export const rowRefusalCodes = [
  "signal_row_not_utf8",
  "signal_row_not_json",
  "signal_row_not_object",
  "signal_row_truncated",
  "signal_row_too_large",
  "signal_row_too_deep",
  "signal_member_duplicated",
  "signal_member_forbidden",
  "signal_member_missing",
  "signal_member_malformed",
  "signal_text_malformed",
  "signal_number_out_of_range",
  "signal_timestamp_malformed",
  "signal_timestamp_without_offset",
  "signal_media_inline",
  "signal_shape_unknown",
  "signal_site_missing",
  "signal_topic_mismatch",
  "device_foreign",
  "signal_topic_malformed",
] as const;
export type RowRefusalCode = (typeof rowRefusalCodes)[number];

/** `pointer` (RFC 6901) names the place in the row, "" the whole row; `message` is one sentence for the sender. */
export type Refusal = { readonly code: RowRefusalCode; readonly pointer: string; readonly message: string };

export function refuse(code: RowRefusalCode, pointer: string, message: string) {
  return refused<Refusal>({ code, pointer, message });
}

/** One token of a JSON pointer, escaped. */
export function pointerToken(name: string | number): string {
  return `/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** A value as text for a message: short, so that a hostile row cannot make a large answer. */
export function shown(value: JsonValue | undefined): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= 60 ? text : `${text.slice(0, 57).toWellFormed()}...`;
}
