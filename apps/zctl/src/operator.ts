/** What the other tools of the operator's side share with zctl: finding an installation and reaching its hosts. */
export { connect } from "./connect.ts";
export { errorCodes, ZctlError } from "./exit.ts";
export { type Installation, loadInstallation } from "./installation.ts";
