/** What the program says when it is started without CNI_COMMAND, which is to say by a person. */
import { commands, neededVariables } from "./commands.ts";
import type { Host } from "./host.ts";
import type { Identity } from "./plugin.ts";

/** Two lines: what this is and which versions of the specification it speaks. */
export function about(plugin: Identity, { version }: Host["program"]): string {
  return `CNI ${plugin.name} plugin v${version} (flatnet)
CNI protocol versions supported: ${plugin.versions.join(", ")}
`;
}

/** What a person at a terminal wants to know next. */
export function help(plugin: Identity, { names }: Host["program"]): string {
  const needed = Object.keys(commands).map((command) => {
    const variables = neededVariables(command);
    return `  ${command.padEnd(8)}${variables.join(", ")}`;
  });
  return `
A container runtime (Podman, containerd, CRI-O, Nomad, Kubernetes) starts this program to connect a container to a
network. There is nothing to start by hand: put it where the runtime looks, and name it in a configuration.

Install    the executable in a CNI binary directory, as a rule /opt/cni/bin, with a link for each name
Names      ${names.join(", ")}
Configure  a file such as /etc/cni/net.d/10-flatnet.conflist:
           {"cniVersion": "1.0.0", "name": "flatnet", "plugins": [{"type": "flatnet"}]}

The runtime says what it wants by CNI_COMMAND, gives the configuration on stdin, and reads JSON from stdout. With
each command it sets:
${needed.join("\n")}
  VERSION nothing more; try: CNI_COMMAND=VERSION ${plugin.name}

With the argument --trace the call's netlink messages are printed on stderr, with what their bytes mean.
`;
}
