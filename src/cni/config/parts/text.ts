/** Forms of text that schemas share. Metadata of our own goes to the shape (`shape.ts`) and to editors (`docs/generate.ts`). */
import * as z from "zod";
import { type Format, formats } from "../formats.ts";

/** Text that a function tests; `editor` says the same as far as JSON Schema can, for editors only. */
const formatted = (format: Format, wanted: string, editor: Record<string, unknown>) =>
  z.string().refine(formats[format]).meta({ format, wanted, editor });

const patterned = (pattern: RegExp, wanted: string) => z.string().regex(pattern).meta({ wanted });

/** The same key, absent when its text is empty: runtimes send `""` for what they do not set. */
export const blank = <S extends z.ZodType>(schema: S) =>
  z.preprocess((found) => (found === "" ? undefined : found), schema).meta({ blank: true });

/** As `blank`, and the text is read in lower case. */
export const anyCase = <S extends z.ZodType>(schema: S) =>
  z
    .preprocess(
      (found) => (found === "" ? undefined : typeof found === "string" ? found.toLowerCase() : found),
      schema,
    )
    .meta({ blank: true, lower: true });

const ANY_ADDRESS = [{ format: "ipv4" }, { format: "ipv6" }];
const ANY_NETWORK = { pattern: "^[0-9A-Fa-f.:]+/[0-9]{1,3}$" };

export const address = formatted("address", "an IP address such as 10.1.0.1 or fd00::1", {
  anyOf: ANY_ADDRESS,
});

export const network = formatted("network", "a network such as 10.1.0.0/16 or fd00::/64", ANY_NETWORK);

export const addressWithPrefix = formatted(
  "address-with-prefix",
  "an address with its prefix length, such as 10.1.0.5/16",
  ANY_NETWORK,
);

export const addressOrNetwork = formatted(
  "address-or-network",
  "an IP address with or without prefix length, such as 10.1.0.5 or 10.1.0.5/16",
  { anyOf: [...ANY_ADDRESS, ANY_NETWORK] },
);

export const mac = formatted("mac", "a link-layer address such as 02:42:ac:11:00:02", {
  pattern: "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$",
});

/** A path that does not depend on where a runtime happens to stand when it calls. */
export const absolutePath = patterned(/^\//, "an absolute path such as /var/lib/cni/networks");

/**
 * The kernel's rule for the name of a link (dev_valid_name in net/core/dev.c), without control characters, and without
 * the percent sign, which makes the kernel count: `br%d`.
 */
export const interfaceName = patterned(
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  /^(?!\.{1,2}$)[^\s/:%\u0000-\u001f\u007f]{1,15}$/,
  "an interface name: 1 to 15 characters, no slash, colon, percent sign, space or control character, not . or ..",
);

/** The name of a link that is there: its own, or one of its alternative names, which may be longer (ALTIFNAMSIZ). */
export const linkName = patterned(
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  /^(?!\.{1,2}$)[^\s/:\u0000-\u001f\u007f]{1,127}$/,
  "the name of a link: 1 to 127 characters, no slash, colon, space or control character, not . or ..",
);

/** CNI specification 1.1.0, section 1, "Configuration format". */
export const networkName = patterned(
  /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/,
  "a network name: letters, digits, _ . - and a letter or digit first",
);

export const pluginType = patterned(/^[^/]+$/, "the name of a plugin's executable, without a slash");
