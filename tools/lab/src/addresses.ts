/** Addresses of the lab's internet, from TEST-NET-1 (RFC 5737): none of them exists outside. */
export const internet = {
  router: "192.0.2.1",
  resolver: "192.0.2.53",
  acme: "192.0.2.80",
  client: "192.0.2.99",
} as const;

/** The carrier between the two ends of the tunnel; link-local, seen by nobody. */
export const tunnelRouter = "169.254.0.1";

/** A VM's own end of its link. */
export const vmEnd = "eth0";
