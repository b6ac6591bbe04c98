/**
 * The bytes that an operator signs (SSHSIG, namespace `zcloud-map`) and every agent checks: both files verbatim, each
 * after its length in UTF-8 bytes, so that no text can move from one to the other under the same signature.
 * @param generation from 1; agents refuse one older than what they have
 * @param map text of zcloud.yaml
 * @param keys text of zcloud.keys.json
 */
export function signedText(generation: number, map: string, keys: string): string {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  return `zcloud-map v1\ngeneration ${generation}\nmap ${bytes(map)}\n${map}\nkeys ${bytes(keys)}\n${keys}\n`;
}
