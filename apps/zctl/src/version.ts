import manifest from "../package.json" with { type: "json" };

/** Of the repository's packages, all of which have the same. Services say the hash of what they run instead (tools/deploy). */
export const version: string = manifest.version;
