// The front door of this package; filled as its rooms are built.
export const packageName = "@tillwatch/verify";
