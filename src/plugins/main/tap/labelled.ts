/**
 * A tap link made in a SELinux context. The link gets the context of the program that makes it, and a program with threads
 * may not change its own: so it is made by a call of this plugin, started with the context and with a configuration that asks
 * for the bare link.
 */
import { CniError, codes } from "../../../cni/error.ts";
import type { Call } from "../../../cni/plugin.ts";
import { startSelf } from "../../../cni/process.ts";
import type { Side } from "../../../plan/side.ts";
import { hasSelinux, startingIn } from "../../../sys/selinux.ts";
import type { Tap } from "./schema.ts";

/** The namespace that the second call is started in is the container's. */
const HERE = "/proc/self/ns/net";

/** @throws CniError when the host has no SELinux, or its policy does not allow it */
export function makeLabelled(call: Call<Tap>, context: string, container: Side): void {
  if (!hasSelinux()) {
    throw new CniError({
      code: codes.failed,
      operation: "create the tap link",
      subject: `${call.ifname} in the SELinux context ${context}`,
      cause: "this host has no SELinux",
      hint: 'leave out "selinuxContext"',
    });
  }
  const { cniVersion, name, multiQueue, owner, group } = call.config;
  const config = { cniVersion, name, type: "tap", multiQueue, owner, group };
  const variables = { ...call.variables, CNI_NETNS: HERE, CNI_NETNS_OVERRIDE: "1", CNI_ARGS: "" };
  const request = { variables, rawConfig: JSON.stringify(config), log: call.log };
  container.inside(() => startingIn(context, () => startSelf("tap", "ADD", request)));
}
