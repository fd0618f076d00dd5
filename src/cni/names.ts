/** The rules for names that come from outside, checked before a name touches a path or the kernel. */
import { CniError, codes } from "./error.ts";

/** Container ids and network names start with a letter or digit, so that neither can be `..` (CNI specification). */
const identifier = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const identifierRule = "it needs a letter or digit first, then letters, digits, `_`, `.` and `-` only";

/** Characters of a container id: sixteen times the usual, and with an interface's name well within a page of a file. */
const longestContainerId = 1024;

export const isContainerId = (id: string): boolean => identifier.test(id) && id.length <= longestContainerId;

/** @throws CniError with code 3 when the container id is empty, 4 when it breaks the rule */
export function checkContainerId(id: string): void {
  if (isContainerId(id)) return;
  const long = id.length > longestContainerId;
  const rule = long ? `it has ${id.length} characters, and may have ${longestContainerId}` : identifierRule;
  throw new CniError({
    code: id === "" ? codes.unknownContainer : codes.invalidEnvironment,
    operation: "read CNI_CONTAINERID",
    cause: id === "" ? "it is empty" : rule,
    details: id,
  });
}

/** @throws CniError with code 7 when the network's name is empty or breaks the rule */
export function checkNetworkName(name: string): void {
  if (identifier.test(name)) return;
  throw new CniError({
    code: codes.invalidConfig,
    operation: "read the network's name",
    cause: name === "" ? "`name` is missing" : identifierRule,
    details: name,
  });
}

/** Bytes of an interface's name: IFNAMSIZ of linux/if.h without the terminating zero. */
const longestInterfaceName = 15;

/** Why an interface cannot have this name; nothing when it can (dev_valid_name in net/core/dev.c). */
function interfaceNameProblem(name: string): string | undefined {
  if (name === "") return "it is empty";
  const bytes = new TextEncoder().encode(name).length;
  if (bytes > longestInterfaceName) return `it has ${bytes} bytes, the kernel allows ${longestInterfaceName}`;
  if (name === "." || name === "..") return "the kernel keeps this name for itself";
  // The kernel would take control characters; nobody who reads a terminal should have to. `%` makes it count: eth%d.
  if (/[/:%\p{White_Space}\p{Cc}]/u.test(name))
    return "`/`, `:`, `%`, spaces and control characters are not allowed";
  return undefined;
}

export const isInterfaceName = (name: string): boolean => interfaceNameProblem(name) === undefined;

/** @throws CniError with code 4 when the kernel would not take the name for an interface */
export function checkInterfaceName(name: string): void {
  const problem = interfaceNameProblem(name);
  if (problem === undefined) return;
  throw new CniError({
    code: codes.invalidEnvironment,
    operation: "read CNI_IFNAME",
    cause: problem,
    details: name,
  });
}
