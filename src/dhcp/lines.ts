/** The lines of JSON that plugin and daemon exchange, and what the Go plugin and the Go daemon say in their place. */

import type { Shape } from "../cni/config/check.ts";
import { checked } from "../cni/config/check.ts";
import { CniError, codes } from "../cni/error.ts";
import { parseJson } from "../cni/json.ts";

/** The version of the lines. Plugin and daemon are one executable: they differ while it is being replaced. */
export const LINES_VERSION = 1;

/** Longer than any line that is meant: a configuration with hundreds of options has 100 KB. */
export const LONGEST_LINE = 1 << 20;

/** Go's plugin asks for net/rpc over HTTP (`CONNECT /_goRPC_ HTTP/1.0`), and shows its user the status of an answer. */
export const isHttp = (text: string): boolean => /^(CONNECT|GET|POST|HTTP)[ /]/.test(text);

/** What a Go plugin is told. */
export const HTTP_REFUSAL =
  "HTTP/1.0 501 this is the daemon of flatnet: install the dhcp plugin of flatnet in the place of the Go plugin\r\n\r\n";

export const lineOf = (value: object): string =>
  `${JSON.stringify({ flatnetDhcp: LINES_VERSION, ...value })}\n`;

const strange = (from: string, cause: string, hint: string): CniError =>
  new CniError({ code: codes.failed, operation: "understand", subject: from, cause, hint });

/**
 * What a line says.
 * @param from who sent it, for errors
 * @throws CniError when it is not one of ours, or of another version
 */
export function readLine<T extends { readonly flatnetDhcp: number }>(
  line: string,
  shape: Shape<T>,
  from: string,
): T {
  if (isHttp(line))
    throw strange(
      from,
      "it is the daemon of the Go plugin",
      "stop it and start this one: flatnet dhcp daemon",
    );
  const json = parseJson(line, `the line of ${from}`);
  const version = (json as { flatnetDhcp?: unknown } | null)?.flatnetDhcp;
  if (version !== LINES_VERSION)
    throw strange(
      from,
      `it speaks version ${JSON.stringify(version) ?? "?"}, this program speaks ${LINES_VERSION}`,
      "restart the daemon after flatnet was replaced",
    );
  return checked(shape, json).config;
}
