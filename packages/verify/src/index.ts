export { fileSource, type OpenFile } from "./file-source.ts";
export { nodeHashing } from "./node-hashing.ts";
export {
  isRecordExport,
  verifyPacketFile,
  verifyRecordFile,
  type VerifyOptions,
  type VerifyRefusal,
} from "./verify-file.ts";
export { runVerifyCli, type VerifyIo } from "./verify-cli.ts";
