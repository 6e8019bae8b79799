export const packageName = "@tillwatch/x";
