/** The names of gateways' devices in VLANs. */
import { expect, test } from "bun:test";
import { isInterfaceName } from "../../src/cni/names.ts";
import { vlanGatewayName } from "../../src/plan/vlans.ts";

test("a gateway's device is called by bridge and VLAN, as the reference plugin has it", () => {
  expect(vlanGatewayName("cni0", 100)).toBe("cni0.100");
  expect(vlanGatewayName("flatnet-br0", 999)).toBe("flatnet-br0.999");
});

test("a name that would be too long for the kernel is made of the bridge's hash", () => {
  const names = ["flatnet-br0", "flatnet-br1", "fifteen-letters"].map((bridge) =>
    vlanGatewayName(bridge, 4094),
  );
  expect(names.every(isInterfaceName)).toBe(true);
  expect(new Set(names).size).toBe(3);
  expect(names[0]).toMatch(/^br[0-9a-f]{8}\.4094$/);
});
