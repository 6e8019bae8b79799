// The library keeps its registry of algorithms in metadata, and throws at load where nobody provides that.
// oxlint-disable-next-line import/no-unassigned-import
import "reflect-metadata";

export * from "@peculiar/x509";
