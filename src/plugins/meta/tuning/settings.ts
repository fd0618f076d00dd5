/** The kernel settings that a configuration asks for: which files they are, and whether the host's owner allows them. */
import { ConfigError } from "../../../cni/config/error.ts";
import { CniError, codes } from "../../../cni/error.ts";
import type { Setting } from "../../../plan/sysctls.ts";
import { readTextIfPresent } from "../../../sys/files.ts";

/** Regular expressions, a line each; where the file is, a setting must match one of them. */
const ALLOWLIST = "/etc/cni/tuning/allowlist.conf";

const invalid = (name: string, problem: string, hint: string): ConfigError =>
  new ConfigError([{ path: `sysctl[${JSON.stringify(name)}]`, problem, hint }]);

/**
 * The path of a setting below /proc/sys. Dots become slashes before the interface's name is put in, which may have dots
 * of its own; so no part can be `..`.
 * @throws ConfigError for what is not below `net`
 */
function keyOf(name: string, ifname: string): string {
  const parts = name.replaceAll(".", "/").split("/");
  const filled = parts.filter(Boolean).join("/").replace("IFNAME", ifname);
  if (!filled.startsWith("net/"))
    throw invalid(name, "only settings below net can be set for a container", 'begin its name with "net."');
  return filled;
}

function expression(line: string): RegExp {
  try {
    return new RegExp(line);
  } catch (cause) {
    throw new CniError(
      {
        code: codes.failed,
        operation: "read",
        subject: ALLOWLIST,
        cause: `"${line}" is no regular expression`,
        hint: "correct that line",
      },
      { cause },
    );
  }
}

/** @throws CniError for a setting that the list, where there is one, does not name */
export function checkAllowed(names: readonly string[]): void {
  if (names.length === 0) return;
  const text = readTextIfPresent(ALLOWLIST);
  if (text === undefined) return;
  const lines = text.split("\n").map((line) => line.trim());
  const allowed = lines.filter(Boolean).map(expression);
  const refused = names.filter((name) => !allowed.some((each) => each.test(name)));
  if (refused.length === 0) return;
  throw new CniError({
    code: codes.failed,
    operation: "set the sysctl",
    subject: refused.join(", "),
    cause: `${ALLOWLIST} does not allow it`,
    hint: "leave it out, or add a line to that file",
  });
}

/** The settings by their paths, in the configuration's order. @throws ConfigError */
export const settingsOf = (sysctl: Readonly<Record<string, string>>, ifname: string): Setting[] =>
  Object.entries(sysctl).map(([name, value]) => ({ key: keyOf(name, ifname), value }));
