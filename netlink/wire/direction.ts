/** Which way a message travels; a few payloads differ by it. */
export type Direction = "toKernel" | "fromKernel";
