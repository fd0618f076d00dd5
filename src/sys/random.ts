/** Random names. */

/** `length` random bytes as two hexadecimal digits each. */
export const randomHex = (length: number): string => crypto.getRandomValues(new Uint8Array(length)).toHex();
