/** VERSION: the shortest call there is, beside a compiled program that does nothing. */
import { type Bench, type Case, compared, inTurn, medianTime } from "../harness.ts";
import { Host } from "../host.ts";
import { emptyProgram, floorProgram } from "../programs.ts";

const environment = { CNI_COMMAND: "VERSION", CNI_NETNS: "dummy", CNI_IFNAME: "dummy", CNI_PATH: "dummy" };

export const startup: Case = {
  name: "startup",
  async rows(bench: Bench) {
    const host = new Host(bench.ours);
    const commands = [
      [`${bench.ours.directory}/bridge`],
      [emptyProgram(bench.scratch)],
      floorProgram,
      ...(bench.go ? [[`${bench.go.directory}/bridge`]] : []),
    ];
    const [version, empty, floor, goVersion] = await inTurn(
      commands,
      bench.rounds * 2,
      async (command) => ({ call: (await host.run(command, environment, '{"cniVersion":"1.0.0"}')).time }),
      medianTime,
    );
    return [
      { what: "VERSION", ...compared(version!.call, empty!.call, "empty program"), target: 1.3 },
      ...(goVersion ? [{ what: "VERSION", ...compared(version!.call, goVersion.call) }] : []),
      { what: `the measurement itself (${floorProgram.join(" ")})`, ...compared(floor!.call) },
    ];
  },
};
