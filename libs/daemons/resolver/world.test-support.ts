import { createSocket } from "node:dgram";
import { answer, parseQuestion } from "./dns-message.test-support.ts";

/**
 * All the DNS of a test's internet, as a program: `ADDRESS ANSWER PATIENT`. What begins with `slow` takes 1.5 s for the patient.
 * Says each name it is asked.
 */
const [, , at = "", address = "", patient = ""] = process.argv;
const socket = createSocket("udp4");
socket.on("message", (message, from) => {
  const { name } = parseQuestion(message);
  process.stdout.write(`asked ${name}\n`);
  const reply = (): void => socket.send(answer(message, address), from.port, from.address);
  if (name.startsWith("slow") && from.address === patient) setTimeout(reply, 1_500);
  else reply();
});
socket.bind(53, at, () => process.stdout.write("ready\n"));
