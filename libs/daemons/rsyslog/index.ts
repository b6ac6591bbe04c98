export { renderTurn, turnPath } from "./access-again.ts";
export { lookAgain } from "./again.ts";
export { createRsyslog, type RsyslogVerbs } from "./daemon.ts";
export { type Identity, type Instance, identityPaths, receiverPlaces, senderPlaces, storeDirectory } from "./places.ts";
export type { RsyslogDesired } from "./plan.ts";
export { receivingPorts, renderReceiver, renderSender, sendersOf } from "./render.ts";
export { backToPath, renderReceiverUnit, renderRewind, renderSenderUnit, rewindPath } from "./units.ts";
