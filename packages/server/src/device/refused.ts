/** Why a device or an enrolment is refused. Each code stands in docs/errors/devices.md with its remedy. */
export const refusalStatus = {
  device_unsigned: 401,
  device_certificate_foreign: 401,
  device_certificate_expired: 401,
  device_certificate_revoked: 401,
  device_token_malformed: 401,
  device_token_key_unknown: 401,
  device_token_signature_wrong: 401,
  device_token_subject_wrong: 401,
  device_token_audience_wrong: 401,
  device_token_expired: 401,
  device_token_too_long: 401,
  device_token_replayed: 401,
  device_token_unbound: 401,
  device_key_revoked: 401,
  device_key_expired: 401,
  device_foreign: 403,
  device_route_refused: 403,
  device_not_permitted: 403,
  device_organisation_ended: 403,
  enrolment_code_unknown: 401,
  enrolment_code_used: 401,
  enrolment_code_expired: 401,
  certificate_request_malformed: 400,
  certificate_request_unproven: 400,
  certificate_request_key_weak: 400,
  certificate_request_foreign: 403,
  device_key_malformed: 400,
  device_key_known: 409,
  device_credentials_too_many: 409,
} as const satisfies Readonly<Record<string, number>>;

export type RefusalCode = keyof typeof refusalStatus;

/** `says` is shown to the caller: it holds no secret. */
export type Refused = { readonly ok: false; readonly error: { readonly code: RefusalCode; readonly says: string } };

export function refuse(code: RefusalCode, says: string): Refused {
  return { ok: false, error: { code, says } };
}
