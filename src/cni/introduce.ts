/** Calls that only ask what this is, which need no plugin: those without CNI_COMMAND, and VERSION. */
import { about, help } from "./help.ts";
import { type Host, io, log } from "./host.ts";
import { printJson } from "./json.ts";
import type { Identity } from "./plugin.ts";
import { currentVersion } from "./versions.ts";

/** @returns whether that was the call. @throws CniError with code 5 when the answer cannot be written */
export function introduce(identity: Identity, host: Host): boolean {
  const command = host.variables.CNI_COMMAND;
  if (!command) {
    log(
      host,
      (about(identity, host.program) + (host.terminal ? help(identity, host.program) : "")).trimEnd(),
    );
    return true;
  }
  if (command !== "VERSION") return false;
  const reply = { cniVersion: currentVersion, supportedVersions: identity.versions };
  io("write the versions to stdout", () => host.writeStdout(`${printJson(reply, 0)}\n`));
  return true;
}
