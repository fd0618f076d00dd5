/** The configuration of `host-device`: a device of the host for the container alone. */
import * as z from "zod";
import { runtimeValues } from "../../../cni/config/parts/capabilities.ts";
import { common, dns } from "../../../cni/config/parts/common.ts";
import { delegated } from "../../../cni/config/parts/ipam.ts";
import { absolutePath, blank, mac } from "../../../cni/config/parts/text.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

const text = blank(z.string().optional());

export const HostDevice = z
  .looseObject({
    device: text.describe("Name of the device; goes before all other ways to say which."),
    hwaddr: blank(mac.optional()).describe("Link-layer address of the device; of several the first."),
    kernelpath: text.describe("Its directory below /sys/devices/, whose `net` has its name."),
    pciBusID: text.describe("Its PCI address, such as 0000:03:00.1."),
    dataDir: blank(absolutePath.default("/run/cni/host-device")).describe(
      "Directory for what the devices were like on the host, which DEL restores.",
    ),
    ipam: delegated.optional().describe("Where addresses come from; absent: the device gets none."),
    dns: dns.optional().describe("Name servers for the result of a device that gets addresses."),
    ...common,
    runtimeConfig: runtimeValues({
      deviceID: text.describe(
        "PCI address, or name on the auxiliary bus, of the device that the runtime has chosen; in place of `pciBusID`.",
      ),
    }),
  })
  .meta({ title: "host-device", description: "Moves a device of the host into the container." });

export type HostDevice = Infer<typeof HostDevice>;

export const shapeOfHostDevice = () => shapeOf(HostDevice);
