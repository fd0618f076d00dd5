/** Conditions in the words of iptables(8): `-s 10.0.0.0/8 ! -i eth0 -m mark --mark 0x1`. */
import { type Comparisons, Misunderstood, type Test, test } from "./tests.ts";

/** Each option with what it compares; several values are parted by commas. */
const options: Readonly<Record<string, keyof Comparisons>> = {
  "-s": "source",
  "--source": "source",
  "--src": "source",
  "-d": "destination",
  "--destination": "destination",
  "--dst": "destination",
  "-i": "incoming",
  "--in-interface": "incoming",
  "-o": "outgoing",
  "--out-interface": "outgoing",
  "-p": "protocol",
  "--protocol": "protocol",
  "--sport": "sourcePort",
  "--source-port": "sourcePort",
  "--sports": "sourcePort",
  "--source-ports": "sourcePort",
  "--dport": "destinationPort",
  "--destination-port": "destinationPort",
  "--dports": "destinationPort",
  "--destination-ports": "destinationPort",
  "--mark": "mark",
  "--src-range": "source",
  "--dst-range": "destination",
  "--src-type": "sourceKind",
  "--dst-type": "destinationKind",
};

/** Extensions whose options are among these. */
const modules = ["addrtype", "comment", "connmark", "iprange", "mark", "multiport", "sctp", "tcp", "udp"];

/** What there is, for people who have written something else. */
export const understood =
  "-s, -d, -i, -o, -p, --sport(s), --dport(s), --mark, --src-range, --dst-range, --src-type, --dst-type, --comment, " +
  `each after "!" too, and -m ${modules.join(", ")}`;

/** Any protocol is no test. */
const saysNothing = (option: string, value: string): boolean =>
  option === "--comment" || (options[option] === "protocol" && /^(all|0)$/i.test(value));

/** The tests that the words make together. @throws Misunderstood */
export function readIptables(words: readonly string[], by: Comparisons): Test[] {
  const tests: Test[] = [];
  let module = "";
  for (let at = 0; at < words.length; ) {
    const negated = words[at] === "!";
    if (negated) at++;
    const option = words[at++] ?? "!";
    const value = words[at++];
    if (option === "-m" || option === "--match") {
      if (negated || !modules.includes(value ?? ""))
        throw new Misunderstood(`${option} ${value ?? ""}`, "there is no such extension here");
      module = value!;
      continue;
    }
    const compared = options[option];
    if (compared === undefined && option !== "--comment")
      throw new Misunderstood(option, "it is not understood");
    if (value === undefined) throw new Misunderstood(option, "there is no value behind it");
    if (compared === undefined || saysNothing(option, value)) continue;
    const name = compared === "mark" && module === "connmark" ? "connectionMark" : compared;
    tests.push(test(by[name], negated ? "neq" : "eq", value.split(",")));
  }
  return tests;
}
