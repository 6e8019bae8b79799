/**
 * The pipeline for Windows event logs as JSON, one event a document, as evtx_dump and its kin write them:
 * `{"Event": {"System": {...}, "EventData": {...}}}`, attributes of an element under `#attributes`.
 *
 * Which events a category or a service of Sigma means: SigmaHQ's taxonomy appendix and Microsoft's names of channels.
 */
const sysmon = "Microsoft-Windows-Sysmon/Operational";
const powershell = ["Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational"];

/** Category to the events of Sysmon that feed it. Process creation is told by Windows itself as well, and stands apart. */
const sysmonEvents: Readonly<Record<string, readonly number[]>> = {
  clipboard_capture: [24],
  create_remote_thread: [8],
  create_stream_hash: [15],
  dns_query: [22],
  driver_load: [6],
  file_block_executable: [27],
  file_block_shredding: [28],
  file_change: [2],
  file_delete: [23, 26],
  file_delete_detected: [26],
  file_event: [11],
  file_executable_detected: [29],
  image_load: [7],
  network_connection: [3],
  pipe_created: [17, 18],
  process_access: [10],
  process_tampering: [25],
  process_termination: [5],
  raw_access_thread: [9],
  registry_add: [12],
  registry_delete: [12],
  registry_event: [12, 13, 14],
  registry_rename: [14],
  registry_set: [13],
  sysmon_error: [255],
  sysmon_status: [4, 16],
  wmi_event: [19, 20, 21],
};

const otherCategories: Readonly<Record<string, { readonly channels: readonly string[]; readonly event: number }>> = {
  ps_module: { channels: powershell, event: 4103 },
  ps_script: { channels: powershell, event: 4104 },
  ps_classic_start: { channels: ["Windows PowerShell"], event: 400 },
  ps_classic_provider_start: { channels: ["Windows PowerShell"], event: 600 },
};

const channels: Readonly<Record<string, readonly string[]>> = {
  application: ["Application"],
  "application-experience": [
    "Microsoft-Windows-Application-Experience/Program-Telemetry",
    "Microsoft-Windows-Application-Experience/Program-Compatibility-Assistant",
  ],
  applocker: [
    "Microsoft-Windows-AppLocker/EXE and DLL",
    "Microsoft-Windows-AppLocker/MSI and Script",
    "Microsoft-Windows-AppLocker/Packaged app-Deployment",
    "Microsoft-Windows-AppLocker/Packaged app-Execution",
  ],
  "appmodel-runtime": ["Microsoft-Windows-AppModel-Runtime/Admin"],
  "appxdeployment-server": ["Microsoft-Windows-AppXDeploymentServer/Operational"],
  "appxpackaging-om": ["Microsoft-Windows-AppxPackaging/Operational"],
  bitlocker: ["Microsoft-Windows-BitLocker/BitLocker Management"],
  "bits-client": ["Microsoft-Windows-Bits-Client/Operational"],
  capi2: ["Microsoft-Windows-CAPI2/Operational"],
  "certificateservicesclient-lifecycle-system": [
    "Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational",
  ],
  "codeintegrity-operational": ["Microsoft-Windows-CodeIntegrity/Operational"],
  dhcp: ["Microsoft-Windows-DHCP-Server/Operational"],
  "diagnosis-scripted": ["Microsoft-Windows-Diagnosis-Scripted/Operational"],
  "dns-client": ["Microsoft-Windows-DNS Client Events/Operational"],
  "dns-server": ["DNS Server"],
  "dns-server-analytic": ["Microsoft-Windows-DNS-Server/Analytical"],
  "dns-server-audit": ["Microsoft-Windows-DNS-Server/Audit"],
  "driver-framework": ["Microsoft-Windows-DriverFrameworks-UserMode/Operational"],
  "firewall-as": ["Microsoft-Windows-Windows Firewall With Advanced Security/Firewall"],
  "iis-configuration": ["Microsoft-IIS-Configuration/Operational"],
  ldap: ["Microsoft-Windows-LDAP-Client/Debug"],
  "lsa-server": ["Microsoft-Windows-LSA/Operational"],
  "microsoft-servicebus-client": ["Microsoft-ServiceBus-Client/Operational", "Microsoft-ServiceBus-Client/Admin"],
  "msexchange-management": ["MSExchange Management"],
  ntlm: ["Microsoft-Windows-NTLM/Operational"],
  openssh: ["OpenSSH/Operational"],
  powershell,
  "powershell-classic": ["Windows PowerShell"],
  "printservice-admin": ["Microsoft-Windows-PrintService/Admin"],
  "printservice-operational": ["Microsoft-Windows-PrintService/Operational"],
  security: ["Security"],
  "security-mitigations": [
    "Microsoft-Windows-Security-Mitigations/Kernel Mode",
    "Microsoft-Windows-Security-Mitigations/User Mode",
  ],
  "shell-core": ["Microsoft-Windows-Shell-Core/Operational"],
  "smbclient-connectivity": ["Microsoft-Windows-SmbClient/Connectivity"],
  "smbclient-security": ["Microsoft-Windows-SmbClient/Security"],
  "smbserver-connectivity": ["Microsoft-Windows-SMBServer/Connectivity"],
  sysmon: [sysmon],
  system: ["System"],
  taskscheduler: ["Microsoft-Windows-TaskScheduler/Operational"],
  "terminalservices-localsessionmanager": ["Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"],
  windefend: ["Microsoft-Windows-Windows Defender/Operational"],
  wmi: ["Microsoft-Windows-WMI-Activity/Operational"],
};

/** Services some of whose events carry their fields in an element of `UserData`. */
const userData: Readonly<Record<string, readonly string[]>> = {
  applocker: ["RuleAndFileData"],
  security: ["LogFileCleared"],
  system: ["LogFileCleared"],
  "terminalservices-localsessionmanager": ["EventXML"],
  wmi: [
    "Operation_ClientFailure",
    "Operation_StartedOperational",
    "Operation_TemporaryEssStarted",
    "Operation_ESStoConsumerBinding",
  ],
};

const list = (values: readonly (string | number)[]) => JSON.stringify(values);

/** `source` marks rules that now say themselves which events they mean, so that their log source need not. */
function from(logsource: string, conditions: string): string {
  return `  - id: source
    type: add_condition
    name: _windows_source
    conditions: ${conditions}
    rule_conditions: [{type: logsource, product: windows, ${logsource}}]
`;
}

const processCreation = from(
  "category: process_creation",
  `[{Channel: ${sysmon}, EventID: 1}, {Channel: Security, EventID: 4688}]`,
);

const categories = [
  ...Object.entries(sysmonEvents).map(([category, events]) =>
    from(`category: ${category}`, `{Channel: ${sysmon}, EventID: ${list(events)}}`),
  ),
  ...Object.entries(otherCategories).map(([category, { channels: of, event }]) =>
    from(`category: ${category}`, `{Channel: ${list(of)}, EventID: ${event}}`),
  ),
];

const services = Object.entries(channels).map(([service, of]) => from(`service: ${service}`, `{Channel: ${list(of)}}`));

const userDataSteps = Object.entries(userData).map(
  ([service, elements]) => `  - type: field_name_prefix_mapping
    mapping: {"": ${list(["Event.EventData.", ...elements.map((element) => `Event.UserData.${element}.`)])}}
    rule_conditions: [{type: logsource, product: windows, service: ${service}}]
    field_name_conditions: [{type: exclude_fields, mode: re, fields: ['Event\\.']}]
`,
);

export const windowsPipeline = `name: windows
priority: 10
transformations:
${[processCreation, ...categories, ...services].join("")}  - type: field_name_mapping
    mapping:
      Image: [Image, NewProcessName]
      ParentImage: [ParentImage, ParentProcessName]
    rule_conditions: [{type: logsource, product: windows, category: process_creation}]
  - type: field_name_mapping
    mapping:
      Channel: Event.System.Channel
      Computer: Event.System.Computer
      Correlation_ActivityID: Event.System.Correlation.#attributes.ActivityID
      EventID: [Event.System.EventID, "Event.System.EventID.#text"]
      EventRecordID: Event.System.EventRecordID
      Execution_ProcessID: Event.System.Execution.#attributes.ProcessID
      Execution_ThreadID: Event.System.Execution.#attributes.ThreadID
      Keywords: Event.System.Keywords
      Level: Event.System.Level
      Opcode: Event.System.Opcode
      Provider_Guid: Event.System.Provider.#attributes.Guid
      Provider_Name: Event.System.Provider.#attributes.Name
      Security_UserID: Event.System.Security.#attributes.UserID
      Task: Event.System.Task
      TimeCreated_SystemTime: Event.System.TimeCreated.#attributes.SystemTime
      Version: Event.System.Version
    rule_conditions: [{type: logsource, product: windows}]
${userDataSteps.join("")}  - type: field_name_prefix
    prefix: Event.EventData.
    rule_conditions: [{type: logsource, product: windows}]
    field_name_conditions: [{type: exclude_fields, mode: re, fields: ['Event\\.']}]
  - type: change_logsource
    product: windows
    rule_conditions: [{type: processing_item_applied, processing_item_id: source}]
`;
