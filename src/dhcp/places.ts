/** Where the daemon is found, and where it keeps its leases. */

/** The socket of the reference's daemon, too: one of the two can run. */
export const USUAL_SOCKET = "/run/cni/dhcp.sock";

/** The directory with a file for each lease, beside the socket, so that both sides find it: `/run/cni/dhcp.leases`. */
export const leaseDirectory = (socket: string): string => `${socket.replace(/\.sock$/, "")}.leases`;
