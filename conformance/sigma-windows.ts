import { isObject, type Json } from "./sigma-vectors.ts";

/** One regression event as Sigma rules for Windows name its parts, and the log source it belongs to. */
export type WindowsEvent = {
  readonly fields: { readonly [name: string]: Json };
  readonly logsources: readonly { readonly product: string; readonly category?: string; readonly service?: string }[];
};

/** Sysmon event numbers and the Sigma categories that they feed (SigmaHQ taxonomy appendix). */
const sysmonCategories: Readonly<Record<number, readonly string[]>> = {
  1: ["process_creation"],
  2: ["file_change"],
  3: ["network_connection"],
  5: ["process_termination"],
  6: ["driver_load"],
  7: ["image_load"],
  8: ["create_remote_thread"],
  9: ["raw_access_thread"],
  10: ["process_access"],
  11: ["file_event"],
  12: ["registry_add", "registry_delete", "registry_event"],
  13: ["registry_set", "registry_event"],
  14: ["registry_rename", "registry_event"],
  15: ["create_stream_hash"],
  17: ["pipe_created"],
  18: ["pipe_created"],
  19: ["wmi_event"],
  20: ["wmi_event"],
  21: ["wmi_event"],
  22: ["dns_query"],
  23: ["file_delete"],
  25: ["process_tampering"],
  26: ["file_delete"],
  29: ["file_executable_detected"],
};

const channelServices: Readonly<Record<string, string>> = {
  Security: "security",
  System: "system",
  Application: "application",
  "Microsoft-Windows-WMI-Activity/Operational": "wmi",
  "Microsoft-Windows-PowerShell/Operational": "powershell",
  "Microsoft-Windows-Sysmon/Operational": "sysmon",
};

/** Security event 4688 names its fields otherwise than Sysmon event 1, whose names Sigma uses. */
const processCreationNames: Readonly<Record<string, string>> = {
  NewProcessName: "Image",
  ParentProcessName: "ParentImage",
};

/** Flattens `Event.System` and `Event.EventData` (or `UserData`) to the names that Sigma rules use. */
export function toWindowsEvent(document: Json): WindowsEvent {
  const event = isObject(document) && isObject(document["Event"]) ? document["Event"] : {};
  const system = isObject(event["System"]) ? event["System"] : {};
  const fields: Record<string, Json> = {};
  for (const [name, value] of Object.entries(system)) {
    if (!isObject(value)) {
      fields[name] = value;
      continue;
    }
    // Attributes of a System element are joined to its name: Provider_Name, Execution_ProcessID.
    const attributes = isObject(value["#attributes"]) ? value["#attributes"] : {};
    for (const [attribute, inner] of Object.entries(attributes)) fields[`${name}_${attribute}`] = inner;
    if (value["#text"] !== undefined) fields[name] = value["#text"];
  }
  collectData(event["EventData"], fields);
  if (isObject(event["UserData"])) for (const inner of Object.values(event["UserData"])) collectData(inner, fields);
  return { fields, logsources: logsourcesOf(fields) };
}

function collectData(data: Json | undefined, fields: Record<string, Json>): void {
  if (!isObject(data)) return;
  for (const [name, value] of Object.entries(data)) {
    if (name === "#attributes") continue;
    fields[name] = value;
    const other = processCreationNames[name];
    if (other !== undefined && fields["EventID"] === 4688) fields[other] = value;
  }
}

function logsourcesOf(fields: Record<string, Json>): WindowsEvent["logsources"] {
  const channel = fields["Channel"];
  const service = typeof channel === "string" ? channelServices[channel] : undefined;
  const named = service === undefined ? {} : { service };
  const eventId = Number(fields["EventID"]);
  const sysmon = service === "sysmon" ? (sysmonCategories[eventId] ?? []) : [];
  const categories = service === "security" && eventId === 4688 ? ["process_creation"] : sysmon;
  if (categories.length === 0) return [{ product: "windows", ...named }];
  return categories.map((category) => ({ product: "windows", category, ...named }));
}
