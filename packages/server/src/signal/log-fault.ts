/** The log did not take the signals; none of them is acknowledged. The sender may try the same again later. */
export class LogFault extends Error {
  override readonly name = "LogFault";
  readonly code: "signal_log_busy" | "signal_log_unavailable" | "signal_log_closed";

  constructor(code: LogFault["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
