import { parseDeviceId, parseSiteId, type DeviceId, type SiteId } from "@tillwatch/wire";

/** A device of a site, as the directory names it. */
export type DeviceName = { readonly siteId: SiteId; readonly deviceId: DeviceId };

/** `S-1001/C-01`: common name of certificates, user name over MQTT and EST. */
export function deviceText({ siteId, deviceId }: { readonly siteId: string; readonly deviceId: string }): string {
  return `${siteId}/${deviceId}`;
}

/** `device:S-1001/C-01`: who acted, in the record, and `sub` of signed tokens. */
export function deviceToken(device: { readonly siteId: string; readonly deviceId: string }): string {
  return `device:${deviceText(device)}`;
}

/** The URI in the subject alternative name of a device's certificate. */
export function deviceUri(organisationId: string, device: DeviceName): string {
  return `urn:tillwatch:device:${organisationId}/${deviceText(device)}`;
}

/** Reads `<site>/<device>`; null for anything else. */
export function parseDeviceText(text: string): DeviceName | null {
  const [siteText, deviceId, ...more] = text.split("/");
  const [site, device] = [parseSiteId(siteText), parseDeviceId(deviceId)];
  return site.ok && device.ok && more.length === 0 ? { siteId: site.value, deviceId: device.value } : null;
}
