/** The commands of CNI: the version that brought each, the variables it needs, and the plugin's function for it. */

const attachment = ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"] as const;

/** In `needs` the order is the one in which the variables are read and reported. */
export const commands = {
  ADD: { since: "0.1.0", needs: attachment, verb: "add" },
  DEL: { since: "0.1.0", needs: ["CNI_CONTAINERID", "CNI_IFNAME", "CNI_PATH"], verb: "del" },
  CHECK: { since: "0.4.0", needs: attachment, verb: "check" },
  GC: { since: "1.1.0", needs: ["CNI_PATH"], verb: "gc" },
  STATUS: { since: "1.1.0", needs: ["CNI_PATH"], verb: "status" },
} as const;

/** A command that a plugin carries out; VERSION is answered without it. */
export type Command = keyof typeof commands;

/** Whether `text` is a command; commands are told apart by letter case. */
export function isCommand(text: string): text is Command {
  return Object.hasOwn(commands, text);
}

/** Whether a command only removes: a configuration that has become faulty must not keep it from that. */
export const removes = (command: Command): boolean => command === "DEL" || command === "GC";

/** A variable that some command needs. */
export type NeededVariable = (typeof commands)[Command]["needs"][number];

/** The variables that a command needs; none for VERSION and for words that are no command. */
export function neededVariables(command: string): readonly NeededVariable[] {
  return isCommand(command) ? commands[command].needs : [];
}
