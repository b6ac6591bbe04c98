import { describe, expect, it } from "vitest";
import { canonicalKey, operatorKeyComplaint } from "./openssh-key.ts";

const keys = {
  ed25519: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJJTsoyHwc0ERaZniPDyTz1kIX+XMGWhGksokhbI3BUq",
  p256: "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOocAZltmpoP6ehLcDI6/VfkuqO2T0Vb4sqKNf+uWKaaVQcvimH/fj1SuO5sGTVVUs139WhMcHX/Ojeoiy3iwWs=",
  p384: "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBIX//bingp2AdYZEK/MH6R4s16aCzjHSGpvyjp0P9tIyYehao+x80h27AiGj8AQax25aW/R1tfAUhh1EeQXwnw5rLYDStIJ0ReLroLyxkGnBI3464VVwqq1syNIi2YjnMQ==",
  p521: "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAFIrCL44+3lAw67Qpv7LjPhLANE9VC9m7wRWHkuzj31TD1EiVHPH1CDzlUlC859Dav/Fq8zqs/2HmG/4YzAQSKFzQCP3UCf094R6gq/cIgb4UXiXS0b7nqKOYluGLbAaBYSh9dIb2J5t1r8hkRE3MxCuOwGeV20HD+34PWx/kGWU+JQGw==",
  rsa2048:
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCPngYBWKj9Aw4XjzA/A+5QHm05cu/h1v6FBuB3ztfih5pgably6CAkYMpspZde9gRxEq+ec8yDNcGT9SySk56uks0rY+n7nWge1+52gKWYWW3AgpLgaMfDCjDxYjV2U0uJR0liwADuvmJHFfzY52U37N56bPYKlp75psMlZTvP8W+ijA992qgALcyCd/oW7r5zgeLv8gw8qPp3/s+iljr+8srMm25EM0bm+7yfcoCdNCprUjp0GdOtTQIs4+UCbCf32j7LvluopmG4WkEMDJP4mUI31EsVcZmGqBEGPFBdQBiJ8ZxEK7i8DR9R2g+vOgPUvbGHYdJXmmqhUTHqzu/x",
};
const rsa1024 =
  "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQCzBeRWmI7xuAEpRltn6KNZcnV1g4Dc5q2zelbX0UGuVKbKWG4gqSGkIeTPgHfPUChz841fC7RYLaXW3A5KP2zDDCTk6tIzlNHvwjlrXpSyNRomriZtkFfWnEbWMJylKogpj3v/dzbVDSAuCoc0yprE871ZANjgPdhPzpSKDkzbZw==";

/** A key line of any fields, framed as RFC 4251 says. */
function frame(type: string, ...fields: readonly Uint8Array[]): string {
  const parts = [new TextEncoder().encode(type), ...fields].flatMap((field) => [
    0,
    0,
    field.length >> 8,
    field.length & 255,
    ...field,
  ]);
  return `${type} ${btoa(String.fromCharCode(...parts))}`;
}

const bytes = (length: number, first = 1) => Uint8Array.from({ length }, (_, index) => (index === 0 ? first : 7));
const utf8 = (text: string) => new TextEncoder().encode(text);

describe("operators' keys", () => {
  it.each(Object.entries(keys))("%s is good, with and without a comment", (_, key) => {
    expect(operatorKeyComplaint(key)).toBeUndefined();
    expect(operatorKeyComplaint(`${key} robin@laptop of home`)).toBeUndefined();
  });

  it("on hardware tokens are good", () => {
    expect(operatorKeyComplaint(frame("sk-ssh-ed25519@openssh.com", bytes(32), utf8("ssh:")))).toBeUndefined();
    const point = bytes(65, 4);
    expect(
      operatorKeyComplaint(frame("sk-ecdsa-sha2-nistp256@openssh.com", utf8("nistp256"), point, utf8("ssh:"))),
    ).toBeUndefined();
  });

  it.each([
    ["ssh-ed25519 AAAA...", "put your own key"],
    ["ssh-ed25519", "base64 is broken"],
    [keys.ed25519.slice(0, -4), "cut short"],
    [keys.ed25519.slice(0, -1), "base64 is broken"],
    [keys.ed25519.replace("ssh-ed25519", "ssh-rsa"), "says ssh-rsa but holds ssh-ed25519"],
    [`from="10.0.0.1" ${keys.ed25519}`, "has options before it"],
    ["~/.ssh/id_ed25519.pub", "is a file name"],
    ["-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl", "this is a private key"],
    ["ssh-dss AAAAB3NzaC1kc3M", "too weak"],
    ["ssh-ed25519-cert-v01@openssh.com AAAA", "is a certificate"],
    ["robin", "is not an OpenSSH public key"],
    ["", "is not an OpenSSH public key"],
    [rsa1024, "an RSA key of 1024 bits is too short"],
    [frame("ssh-ed25519", bytes(31)), "not a whole ssh-ed25519 key"],
    [frame("ssh-ed25519", bytes(32), bytes(1)), "not a whole ssh-ed25519 key"],
    [frame("ssh-ed25519"), "not a whole ssh-ed25519 key"],
    [frame("ecdsa-sha2-nistp256", utf8("nistp384"), bytes(97, 4)), "not a whole"],
    [frame("ecdsa-sha2-nistp256", utf8("nistp256"), bytes(65, 2)), "not a whole"],
    [frame("ecdsa-sha2-nistp256", utf8("nistp256"), bytes(64, 4)), "not a whole"],
    [frame("ssh-rsa", bytes(3), new Uint8Array()), "0 bits"],
  ])("%s: %s", (key, complaint) => {
    expect(operatorKeyComplaint(key)).toContain(complaint);
  });

  it("never show what was pasted in place of a public key", () => {
    expect(operatorKeyComplaint("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz")).not.toContain("b3BlbnNz");
  });

  it("leave their comment behind", () => {
    expect(canonicalKey(`  ${keys.ed25519}   robin@laptop `)).toBe(keys.ed25519);
  });
});
