import { queryOptions } from "@tanstack/react-query";
import { request } from "../api/request.ts";
import type { Device, DeviceIdentity, DeviceList } from "./device-shapes.ts";

export const devicesQuery = queryOptions({
  queryKey: ["devices"],
  queryFn: ({ signal }) => request<DeviceList>("/api/v1/devices", { signal }),
});

export function identityQuery(device: Pick<Device, "siteId" | "deviceId">) {
  return queryOptions({
    queryKey: ["devices", device.siteId, device.deviceId],
    queryFn: ({ signal }) => request<DeviceIdentity>(`${devicePath(device)}/identity`, { signal }),
  });
}

export function devicePath({ siteId, deviceId }: Pick<Device, "siteId" | "deviceId">): string {
  return `/api/v1/sites/${encodeURIComponent(siteId)}/devices/${encodeURIComponent(deviceId)}`;
}

/** `S-1001/C-01`, as certificates and topics name it. */
export function deviceName({ siteId, deviceId }: Pick<Device, "siteId" | "deviceId">): string {
  return `${siteId}/${deviceId}`;
}
