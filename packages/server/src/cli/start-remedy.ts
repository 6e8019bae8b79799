/** What to do about a fault of the system that a wrong setting brought about, as a line to print; "" where the fault says it itself. */
export function startRemedy(fault: unknown): string {
  if (!(fault instanceof Error) || !("code" in fault)) return "";
  const syscall = "syscall" in fault ? fault.syscall : null;
  if (syscall === "mkdir" || fault.code === "folder_unmakeable")
    return "  Name a folder that this user may write to: TILLWATCH_DATA, TILLWATCH_KEYS.\n";
  if (syscall === "listen")
    return "  Choose another address: TILLWATCH_HTTP, TILLWATCH_HTTPS, TILLWATCH_MQTT, TILLWATCH_MQTTS.\n";
  if (syscall === "connect" || syscall === "getaddrinfo") {
    return "  The database does not answer: start it, or correct TILLWATCH_DATABASE_URL.\n";
  }
  return "";
}
